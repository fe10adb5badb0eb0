//! The few kinds of CBOR that a token has, in their one shortest form.
//!
//! # Source
//! RFC 8949, sections 3 and 4.2.1 (core deterministic encoding).

use super::CertificateError;

pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;

/// Appends the head of an item: its major type and its number, as short as it can be.
pub(super) fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend([major | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(number.to_be_bytes());
        }
    }
}

/// Appends an integer.
pub(super) fn integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 { head(out, 1, !(value as u64)) } else { head(out, 0, value as u64) }
}

/// Appends a string of the major type [`BYTES`] or [`TEXT`].
pub(super) fn string(out: &mut Vec<u8>, major: u8, bytes: &[u8]) {
    head(out, major, bytes.len() as u64);
    out.extend(bytes);
}

/// Reads items one after another; it keeps nothing but its place.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn error(&self, expected: &'static str) -> CertificateError {
        CertificateError::Token { at: self.at, expected }
    }

    fn any_head(&mut self, expected: &'static str) -> Result<(u8, u64), CertificateError> {
        let rest = &self.bytes[self.at..];
        let (&first, tail) = rest.split_first().ok_or_else(|| self.error(expected))?;
        let short = first & 0x1f;
        let extra = match short {
            0..24 => 0,
            24..28 => 1_usize << (short - 24),
            _ => return Err(self.error(expected)),
        };
        let following = tail.get(..extra).ok_or_else(|| self.error(expected))?;
        let number = match extra {
            0 => u64::from(short),
            _ => following.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)),
        };
        let least = [0, 24, 0x100, 0, 0x1_0000, 0, 0, 0, 0x1_0000_0000][extra];
        if number < least {
            return Err(self.error(expected));
        }
        self.at += 1 + extra;
        Ok((first >> 5, number))
    }

    /// The number of an item of this major type.
    pub(super) fn head(&mut self, major: u8, expected: &'static str) -> Result<u64, CertificateError> {
        let start = self.at;
        match self.any_head(expected)? {
            (found, number) if found == major => Ok(number),
            _ => Err(CertificateError::Token { at: start, expected }),
        }
    }

    /// Whether the next item is exactly this head.
    pub(super) fn exact(&mut self, major: u8, number: u64, expected: &'static str) -> Result<(), CertificateError> {
        let start = self.at;
        match self.head(major, expected)? {
            found if found == number => Ok(()),
            _ => Err(CertificateError::Token { at: start, expected }),
        }
    }

    /// An integer.
    pub(super) fn integer(&mut self, expected: &'static str) -> Result<i64, CertificateError> {
        let start = self.at;
        let (major, number) = self.any_head(expected)?;
        match (major, i64::try_from(number)) {
            (0, Ok(number)) => Ok(number),
            (1, Ok(number)) => Ok(!number),
            _ => Err(CertificateError::Token { at: start, expected }),
        }
    }

    /// Whether the next item is this integer.
    pub(super) fn key(&mut self, value: i64, expected: &'static str) -> Result<(), CertificateError> {
        let start = self.at;
        match self.integer(expected)? {
            found if found == value => Ok(()),
            _ => Err(CertificateError::Token { at: start, expected }),
        }
    }

    /// The content of a string of this major type.
    pub(super) fn string(&mut self, major: u8, expected: &'static str) -> Result<&'a [u8], CertificateError> {
        let start = self.at;
        let error = CertificateError::Token { at: start, expected };
        let length = usize::try_from(self.head(major, expected)?).map_err(|_| error.clone())?;
        let content = self.bytes[self.at..].get(..length).ok_or(error)?;
        self.at += length;
        Ok(content)
    }

    /// A byte string of exactly `N` bytes.
    pub(super) fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], CertificateError> {
        let start = self.at;
        self.string(BYTES, expected)?.try_into().map_err(|_| CertificateError::Token { at: start, expected })
    }

    /// Whether everything was read.
    pub(super) fn end(&self) -> Result<(), CertificateError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("the end")) }
    }
}
