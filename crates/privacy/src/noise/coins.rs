use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::SecureRandom;
use zeroize::Zeroize;

/// Exact coins from random bytes: every probability is a ratio of integers.
///
/// # Source
/// Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, algorithm 1 and its first steps.
pub(super) struct Coins<'a> {
    random: &'a mut dyn SecureRandom,
    buffer: [u8; BUFFER],
    used: usize,
}

impl<'a> Coins<'a> {
    pub(super) fn new(random: &'a mut dyn SecureRandom) -> Self {
        Self { random, buffer: [0; BUFFER], used: BUFFER }
    }

    /// So many random bytes, 1 to 16, as a number.
    fn bytes(&mut self, count: usize) -> Result<u128, KeyError> {
        if self.used + count > BUFFER {
            self.random.fill(&mut self.buffer)?;
            self.used = 0;
        }
        let mut number = [0; 16];
        number[..count].copy_from_slice(&self.buffer[self.used..self.used + count]);
        // What was drawn is spent: nobody who later reads this memory finds it.
        self.buffer[self.used..self.used + count].zeroize();
        self.used += count;
        Ok(u128::from_le_bytes(number))
    }

    /// One of two, evenly.
    pub(super) fn flip(&mut self) -> Result<bool, KeyError> {
        Ok(self.bytes(1)? & 1 == 1)
    }

    /// A number below `n`, evenly; `n` is at least one. By rejection, so no remainder tilts it.
    pub(super) fn below(&mut self, n: u128) -> Result<u128, KeyError> {
        let bits = u128::BITS - (n - 1).leading_zeros();
        if bits == 0 {
            return Ok(0);
        }
        let mask = u128::MAX >> (u128::BITS - bits);
        loop {
            let number = self.bytes(bits.div_ceil(8) as usize)? & mask;
            if number < n {
                return Ok(number);
            }
        }
    }

    /// True with probability `exp(-numerator / denominator)`. The numerator is below `2^127`, the denominator between 1 and `2^98`.
    pub(super) fn exp(&mut self, numerator: u128, denominator: u128) -> Result<bool, KeyError> {
        let whole = numerator / denominator;
        for _ in 0..whole {
            if !self.exp_of_fraction(1, 1)? {
                return Ok(false);
            }
        }
        self.exp_of_fraction(numerator % denominator, denominator)
    }

    /// The same for at most one: a coin with probability `gamma / k` is tossed for `k = 1, 2, ...` until it falls the other way.
    fn exp_of_fraction(&mut self, numerator: u128, denominator: u128) -> Result<bool, KeyError> {
        // The product stays below 2^128 for k up to 2^30, which one run in (2^30)! would pass.
        let mut k = 1;
        while self.below(denominator * k)? < numerator {
            k += 1;
        }
        Ok(k % 2 == 1)
    }
}

/// How many random bytes are asked for at once.
const BUFFER: usize = 1024;

impl Drop for Coins<'_> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}
