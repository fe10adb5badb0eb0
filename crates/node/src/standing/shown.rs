use cosmosmesh_contracts::trust::ShownError;
use cosmosmesh_identity::certificate::{RUNGS_MAX, TOKEN_MAX};

/// Certificates as a node shows them: its ladder, once, when it has a new one.
///
/// ```text
/// byte 0      0x42
/// byte 1      the suite, 1
/// byte 2      how many tokens, 1 to 64
/// then        for each its length (1) and its bytes, at most 250
/// ```
/// # Privacy
/// It shows names, keys, roles and windows to whoever receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    tokens: Vec<Vec<u8>>,
}

/// The first byte of certificates that are shown.
pub const SHOWN_KIND: u8 = 0x42;

/// The most bytes of such a message.
pub const SHOWN_MAX: usize = 3 + RUNGS_MAX as usize * (1 + TOKEN_MAX);

const SUITE: u8 = 1;

impl Shown {
    /// Tokens as [`cosmosmesh_identity::certificate::Token::to_bytes`] gives them.
    ///
    /// # Errors
    /// [`ShownError::Malformed`] if there is none, too many of them, or one that is no token by its length.
    pub fn new(tokens: Vec<Vec<u8>>) -> Result<Self, ShownError> {
        if tokens.is_empty() || tokens.len() > usize::from(RUNGS_MAX) {
            return Err(ShownError::Malformed { at: 2, expected: "a number of 1 to 64 tokens" });
        }
        if tokens.iter().any(|token| token.is_empty() || token.len() > TOKEN_MAX) {
            return Err(ShownError::Malformed { at: 3, expected: "a token of 1 to 250 bytes" });
        }
        Ok(Self { tokens })
    }

    /// The tokens.
    pub fn tokens(&self) -> &[Vec<u8>] {
        &self.tokens
    }

    /// As it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![SHOWN_KIND, SUITE, self.tokens.len() as u8];
        for token in &self.tokens {
            bytes.push(token.len() as u8);
            bytes.extend_from_slice(token);
        }
        bytes
    }

    /// Reads what was shown; the tokens themselves are not looked into.
    ///
    /// # Errors
    /// [`ShownError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ShownError> {
        let malformed = |at, expected| ShownError::Malformed { at, expected };
        let (head, mut rest) = bytes.split_first_chunk::<3>().ok_or(malformed(bytes.len(), "a head of three bytes"))?;
        if head[0] != SHOWN_KIND {
            return Err(malformed(0, "certificates that are shown, 0x42"));
        }
        if head[1] != SUITE {
            return Err(malformed(1, "the suite 1"));
        }
        let count = usize::from(head[2]);
        if !(1..=usize::from(RUNGS_MAX)).contains(&count) {
            return Err(malformed(2, "a number of 1 to 64 tokens"));
        }
        let mut tokens = Vec::with_capacity(count.min(rest.len()));
        for _ in 0..count {
            let at = bytes.len() - rest.len();
            let (length, tail) = rest.split_first().ok_or(malformed(at, "a token's length"))?;
            let length = usize::from(*length);
            if !(1..=TOKEN_MAX).contains(&length) {
                return Err(malformed(at, "a token's length of 1 to 250"));
            }
            let (token, tail) = tail.split_at_checked(length).ok_or(malformed(at, "a token that is all there"))?;
            tokens.push(token.to_vec());
            rest = tail;
        }
        if !rest.is_empty() {
            return Err(malformed(bytes.len() - rest.len(), "nothing: the last token is over"));
        }
        Ok(Self { tokens })
    }
}
