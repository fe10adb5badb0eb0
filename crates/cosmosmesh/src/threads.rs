use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::thread;

use cosmosmesh_solver_core::{Job, Pool};

/// Threads that share one list of work. How many there are changes how long the work takes and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    count: usize,
}

impl Threads {
    /// The most threads that are worth starting.
    pub(crate) const COUNT_MAX: usize = 64;

    /// As many as asked for, or else as the machine has.
    pub(crate) fn new(count: Option<usize>) -> Self {
        let machine = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { count: count.unwrap_or_else(machine).clamp(1, Self::COUNT_MAX) }
    }
}

impl Pool for Threads {
    fn run(&mut self, jobs: Vec<Job<'_>>) {
        let count = self.count.min(jobs.len());
        if count < 2 {
            return jobs.into_iter().for_each(|job| job());
        }
        let jobs = Mutex::new(jobs.into_iter());
        // A poisoned lock means that a job panicked; the scope hands that panic on.
        let next = || jobs.lock().map_or(None, |mut jobs| jobs.next());
        thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    while let Some(job) = next() {
                        job();
                    }
                });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_runs_once_on_any_number_of_threads() {
        for count in [1, 2, 5, 1000] {
            let mut runs = [0; 17];
            Threads::new(Some(count)).run(runs.iter_mut().map(|run| -> Job<'_> { Box::new(|| *run += 1) }).collect());
            assert_eq!(runs, [1; 17], "{count} threads");
        }
    }
}
