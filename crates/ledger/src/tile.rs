use core::fmt;

use cosmosmesh_contracts::key::Digest;

use crate::hash::leaf_hash;
use crate::tree::Tree;

/// A piece of a log as a plain file: 256 hashes of one level, or 256 entries; the last of a level may have fewer.
///
/// # Source
/// C2SP tlog-tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// Hashes of which level, in steps of 256; or the entries themselves.
    pub level: TileLevel,
    /// Which of the level's tiles.
    pub index: u64,
    /// How many it holds: 1 to [`TILE_WIDTH`].
    pub width: u32,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileLevel {
    /// The entries.
    Entries,
    /// Hashes of 256^level leaves each.
    Hashes(u32),
}

/// How many hashes or entries a full tile holds.
pub const TILE_WIDTH: u32 = 256;

/// The longest entry, in bytes: what an entry bundle can hold.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Every tile that a log of `size` entries consists of, hashes before entries, in a fixed order.
pub fn tiles(size: u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let mut count = size;
    for level in 0.. {
        if count == 0 {
            break;
        }
        tiles.extend(row(TileLevel::Hashes(level), count));
        count /= u64::from(TILE_WIDTH);
    }
    tiles.extend(row(TileLevel::Entries, size));
    tiles
}

fn row(level: TileLevel, count: u64) -> impl Iterator<Item = Tile> {
    let full = count / u64::from(TILE_WIDTH);
    let rest = (count % u64::from(TILE_WIDTH)) as u32;
    let last = (rest > 0).then_some(Tile { level, index: full, width: rest });
    (0..full).map(move |index| Tile { level, index, width: TILE_WIDTH }).chain(last)
}

impl Tile {
    /// The bytes of a tile of hashes; nothing for entries, or if the tree has not so many.
    pub fn hashes(&self, tree: &Tree) -> Option<Vec<u8>> {
        let TileLevel::Hashes(level) = self.level else { return None };
        let first = self.index.checked_mul(u64::from(TILE_WIDTH))?;
        let mut bytes = Vec::with_capacity(self.width as usize * Digest::LEN);
        for k in 0..u64::from(self.width) {
            bytes.extend_from_slice(tree.node(8 * level, first + k)?.as_bytes());
        }
        Some(bytes)
    }

    /// The bytes of a bundle of entries.
    ///
    /// # Errors
    /// [`TileError::Entry`] if one is longer than [`ENTRY_BYTES_MAX`].
    pub fn bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
        let mut bytes = Vec::new();
        for entry in entries.iter().map(AsRef::as_ref) {
            let length = u16::try_from(entry.len()).map_err(|_| TileError::Entry { bytes: entry.len() })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        Ok(bytes)
    }

    /// Reads a bundle of exactly this tile's entries.
    ///
    /// # Errors
    /// [`TileError::Form`] if there are more or fewer, or bytes are left.
    pub fn entries<'a>(&self, mut bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
        let mut entries = Vec::new();
        for _ in 0..self.width {
            let (length, rest) = bytes.split_first_chunk::<2>().ok_or(TileError::Form)?;
            let (entry, rest) =
                rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(TileError::Form)?;
            entries.push(entry);
            bytes = rest;
        }
        if bytes.is_empty() { Ok(entries) } else { Err(TileError::Form) }
    }

    /// Reads a tile of exactly this tile's hashes.
    ///
    /// # Errors
    /// [`TileError::Form`] if the length is another.
    pub fn read_hashes(&self, bytes: &[u8]) -> Result<Vec<Digest>, TileError> {
        if bytes.len() != self.width as usize * Digest::LEN {
            return Err(TileError::Form);
        }
        Ok(bytes.chunks_exact(Digest::LEN).filter_map(Digest::from_slice).collect())
    }
}

impl fmt::Display for Tile {
    /// The path below the log's prefix: `tile/0/x001/234.p/7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            TileLevel::Entries => f.write_str("tile/entries/")?,
            TileLevel::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            if groups.is_empty() { write!(f, "{group:03}")? } else { write!(f, "x{group:03}/")? }
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Checks a whole log held as files: every entry against its hash, every hash against those below it, all against one root.
///
/// `read` gives the bytes of a tile, or nothing if there is no such file. Returns the tree.
/// # Errors
/// [`TileError`] names the tile that is missing or was changed.
pub fn audit(size: u64, root: &Digest, read: &mut dyn FnMut(&Tile) -> Option<Vec<u8>>) -> Result<Tree, TileError> {
    let mut tree = Tree::new();
    for tile in row(TileLevel::Entries, size) {
        let bytes = read(&tile).ok_or(TileError::Missing { tile })?;
        tile.entries(&bytes)?.into_iter().for_each(|entry| tree.push(leaf_hash(entry)));
    }
    for tile in tiles(size).into_iter().filter(|tile| tile.level != TileLevel::Entries) {
        let bytes = read(&tile).ok_or(TileError::Missing { tile })?;
        if tile.hashes(&tree).as_ref() != Some(&bytes) {
            return Err(TileError::Changed { tile });
        }
    }
    if tree.root() == *root { Ok(tree) } else { Err(TileError::Root) }
}

/// What is wrong with a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TileError {
    /// An entry is longer than a bundle can hold.
    Entry {
        /// How long.
        bytes: usize,
    },
    /// The bytes are not those of such a tile.
    Form,
    /// There is no such file.
    Missing {
        /// Which.
        tile: Tile,
    },
    /// The hashes are not those of what is below them.
    Changed {
        /// Which.
        tile: Tile,
    },
    /// The entries have another root than the checkpoint says.
    Root,
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { bytes } => {
                write!(f, "an entry has {bytes} bytes, at most {ENTRY_BYTES_MAX} can be logged; log its digest")
            }
            Self::Form => f.write_str("a tile has not the bytes that its width asks for; fetch it again"),
            Self::Missing { tile } => write!(f, "{tile} is missing; fetch it again"),
            Self::Changed { tile } => write!(f, "{tile} was changed; restore it from a copy"),
            Self::Root => f.write_str("the entries are not those of the checkpoint; keep both as evidence"),
        }
    }
}

impl std::error::Error for TileError {}
