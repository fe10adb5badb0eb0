//! Tiles: the paths and sizes of the specification, and a log read back from its files.

use std::collections::BTreeMap;

use cosmosmesh_ledger::{Tile, TileError, TileLevel, Tree, audit, tiles};

use crate::house::entries;

pub(crate) fn files(entries: &[Vec<u8>]) -> BTreeMap<Tile, Vec<u8>> {
    let tree = Tree::of(entries);
    let bytes = |tile: &Tile| match tile.level {
        TileLevel::Hashes(_) => tile.hashes(&tree).unwrap(),
        TileLevel::Entries => {
            let first = tile.index as usize * 256;
            Tile::bundle(&entries[first..first + tile.width as usize]).unwrap()
        }
    };
    tiles(entries.len() as u64).into_iter().map(|tile| (tile, bytes(&tile))).collect()
}

#[test]
fn the_tiles_of_the_specifications_example() {
    // "A tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, ..."
    let all = tiles(70_000);
    let count = |level, full: bool| {
        all.iter().filter(|tile| tile.level == TileLevel::Hashes(level) && (tile.width == 256) == full).count()
    };
    assert_eq!((count(0, true), count(0, false), count(1, true), count(1, false)), (273, 1, 1, 1));
    assert_eq!((count(2, true), count(2, false), count(3, false)), (0, 1, 0));
    let widths: Vec<u32> = all.iter().filter(|tile| tile.width < 256).map(|tile| tile.width).collect();
    assert_eq!(widths, [112, 17, 1, 112], "hashes of three levels, then entries");
    let paths: Vec<String> = tiles(256).iter().map(Tile::to_string).collect();
    assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert!(tiles(0).is_empty());
    let far = Tile { level: TileLevel::Hashes(5), index: 1_234_067, width: 256 };
    assert_eq!(far.to_string(), "tile/5/x001/x234/067");
    let far = Tile { level: TileLevel::Entries, index: 1_000, width: 3 };
    assert_eq!(far.to_string(), "tile/entries/x001/000.p/3");
}

#[test]
fn a_log_is_read_back_from_its_files_and_nothing_may_be_missing() {
    let entries = entries(600);
    let root = Tree::of(&entries).root();
    let files = files(&entries);
    let tree = audit(600, &root, &mut |tile| files.get(tile).cloned()).unwrap();
    assert_eq!(tree, Tree::of(&entries));
    for missing in files.keys() {
        let verdict = audit(600, &root, &mut |tile| files.get(tile).filter(|_| tile != missing).cloned());
        assert_eq!(verdict, Err(TileError::Missing { tile: *missing }));
    }
    assert_eq!(
        audit(600, &cosmosmesh_ledger::empty_root(), &mut |tile| files.get(tile).cloned()),
        Err(TileError::Root)
    );
    assert!(audit(u64::MAX, &root, &mut |tile| files.get(tile).cloned()).is_err(), "a claimed size is not allocated");
}
