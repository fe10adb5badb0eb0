use std::time::Duration;

use cpu_time::ThreadTime;

/// What it took until both sides held the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) legs: u32,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    /// The same messages, each squeezed by zstd at level 3 where the library does not do so itself.
    pub(crate) bytes_squeezed: usize,
    /// Of both sides together, on one thread.
    pub(crate) cpu: Duration,
}

/// Counts what crosses and the time that both sides take.
pub(crate) struct Link {
    cost: Cost,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self { cost: Cost::default() }
    }

    /// Runs what a side does and counts its time.
    pub(crate) fn work<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = ThreadTime::now();
        let done = work();
        self.cost.cpu += start.elapsed();
        done
    }

    /// One flight: these messages are under way at the same time, in either direction.
    pub(crate) fn leg<'m>(&mut self, messages: impl IntoIterator<Item = &'m [u8]>) {
        self.cost.legs += 1;
        for message in messages {
            self.cost.messages += 1;
            self.cost.bytes += message.len();
            let squeezed = zstd::bulk::compress(message, 3).map_or(message.len(), |packed| packed.len());
            self.cost.bytes_squeezed += squeezed.min(message.len());
        }
    }

    pub(crate) fn cost(self) -> Cost {
        self.cost
    }
}
