//! The strict reader and the writer under every format of this crate.

use core::fmt;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId, Signature};

/// Reads values off the front of a slice; allocates nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CodecError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.take(1)?[0])
    }

    /// A variable integer: seven bits a byte, least significant first, in its shortest form only.
    pub(crate) fn u64(&mut self) -> Result<u64, CodecError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return Err(CodecError::Number);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(CodecError::Number) } else { Ok(value) };
            }
        }
        Err(CodecError::Number)
    }

    /// A variable integer of at most `max`.
    pub(crate) fn up_to(&mut self, max: u64) -> Result<u64, CodecError> {
        let value = self.u64()?;
        if value > max { Err(CodecError::Number) } else { Ok(value) }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(self.up_to(u64::from(u32::MAX))? as u32)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(self.up_to(u64::from(u16::MAX))? as u16)
    }

    /// How many elements follow, each of at least `bytes_min` bytes: more than the rest can hold is refused before anything is allocated.
    pub(crate) fn count(&mut self, bytes_min: usize) -> Result<usize, CodecError> {
        let count = self.u64()?;
        if count > (self.rest.len() / bytes_min.max(1)) as u64 {
            return Err(CodecError::Truncated);
        }
        Ok(count as usize)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, CodecError> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn time(&mut self) -> Result<MissionTime, CodecError> {
        self.i64().map(MissionTime)
    }

    pub(crate) fn digest(&mut self) -> Result<Digest, CodecError> {
        self.array().map(Digest::from_bytes)
    }

    pub(crate) fn node(&mut self) -> Result<NodeId, CodecError> {
        self.array().map(NodeId::from_bytes)
    }

    pub(crate) fn signature(&mut self) -> Result<Signature, CodecError> {
        self.array().map(Signature::from_bytes)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, CodecError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodecError::Variant),
        }
    }

    /// A text or byte string of at most `max` bytes, after its length.
    pub(crate) fn bytes(&mut self, max: usize) -> Result<&'a [u8], CodecError> {
        let length = self.count(1)?;
        if length > max {
            return Err(CodecError::TooLong { bytes: length });
        }
        self.take(length)
    }

    pub(crate) fn finish(self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::Trailing { bytes: self.rest.len() }) }
    }
}

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, (value << 1 ^ value >> 63) as u64);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// How many bytes [`put_u64`] writes.
pub(crate) fn u64_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Why bytes are not the one encoding of anything. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes end within a value, or a count promises more than they hold.
    Truncated,
    /// Bytes follow the last value.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// An integer out of range, or in more bytes than it needs.
    Number,
    /// A number that stands for no variant.
    Variant,
    /// Another version of the format.
    Version {
        /// Which.
        version: u8,
    },
    /// A frame of a type that is not known, or no frame at all.
    FrameType,
    /// Elements out of order, or one of them twice.
    Order,
    /// Longer than its bound.
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// A compressed part that does not decompress to the length it states, or states too much.
    Compression,
    /// Two fields contradict each other.
    Contradiction,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end too early; ask for them again"),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes follow the end; discard the frame"),
            Self::Number => f.write_str("an integer is out of range or not in its shortest form; discard the frame"),
            Self::Variant => f.write_str("a variant is unknown; discard the frame"),
            Self::Version { version } => write!(f, "format version {version} is unknown; update this node"),
            Self::FrameType => f.write_str("this is no frame of a session; discard it"),
            Self::Order => f.write_str("elements are out of order or doubled; discard the frame"),
            Self::TooLong { bytes } => write!(f, "{bytes} bytes are more than are taken; send less at once"),
            Self::Compression => f.write_str("a compressed part is damaged or too large; discard the frame"),
            Self::Contradiction => f.write_str("two fields contradict each other; discard the frame"),
        }
    }
}

impl std::error::Error for CodecError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_and_longer_forms_do_not() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_u64(&mut out, value);
            assert_eq!(out.len(), u64_bytes(value));
            assert_eq!(Reader::new(&out).u64(), Ok(value));
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            put_i64(&mut out, value);
            assert_eq!(Reader::new(&out).i64(), Ok(value));
        }
        assert_eq!(Reader::new(&[0x80, 0]).u64(), Err(CodecError::Number), "zero in two bytes");
        assert_eq!(Reader::new(&[0xff; 10]).u64(), Err(CodecError::Number), "more than 64 bits");
        assert_eq!(Reader::new(&[0xff]).u64(), Err(CodecError::Truncated));
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2]).count(1), Err(CodecError::Truncated));
    }
}
