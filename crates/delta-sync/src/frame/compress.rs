use core::fmt;

use crate::codec::CodecError;

/// The compressor and decompressor of a session, made once and used for every frame.
pub struct Compression {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

/// How hard zstd tries: its default, which is a good deal for texts and numbers of some hundred bytes each.
const LEVEL: i32 = 3;

impl Compression {
    /// Makes both. Where that fails, frames go out as they are, and compressed ones are refused.
    pub fn new() -> Self {
        Self { compressor: zstd::bulk::Compressor::new(LEVEL).ok(), decompressor: zstd::bulk::Decompressor::new().ok() }
    }

    /// The most bytes that a part of a frame of `frame_bytes` may become: so one frame cannot ask for much more memory than it took to send.
    pub const fn raw_bytes_max(frame_bytes: usize) -> usize {
        2 * frame_bytes + (32 << 10)
    }

    /// Compresses, if that makes it shorter.
    pub(crate) fn compress(&mut self, raw: &[u8]) -> Option<Vec<u8>> {
        let packed = self.compressor.as_mut()?.compress(raw).ok()?;
        (packed.len() < raw.len()).then_some(packed)
    }

    /// Decompresses to exactly `raw_bytes`.
    pub(crate) fn decompress(&mut self, packed: &[u8], raw_bytes: usize) -> Result<Vec<u8>, CodecError> {
        let decompressor = self.decompressor.as_mut().ok_or(CodecError::Compression)?;
        let mut raw = Vec::with_capacity(raw_bytes);
        decompressor.decompress_to_buffer(packed, &mut raw).map_err(|_| CodecError::Compression)?;
        if raw.len() == raw_bytes { Ok(raw) } else { Err(CodecError::Compression) }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compression")
    }
}
