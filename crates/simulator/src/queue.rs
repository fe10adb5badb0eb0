//! What happens next: events ordered by time, and by the order of their scheduling within one instant.

use std::collections::BTreeMap;

/// Events still to come.
///
/// Two runs that schedule the same events in the same order take them out in the same order.
#[derive(Clone, Debug)]
pub struct EventQueue<T> {
    // A map keyed by (time, sequence) is as fast as a heap at these sizes, and its order is plain to see.
    events: BTreeMap<(i64, u64), T>,
    sequence: u64,
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        Self { events: BTreeMap::new(), sequence: 0 }
    }
}

impl<T> EventQueue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event.
    pub fn push(&mut self, time_ms: i64, event: T) {
        self.events.insert((time_ms, self.sequence), event);
        self.sequence += 1;
    }

    /// Takes out the earliest event; of several at one instant the one that was added first.
    pub fn pop(&mut self) -> Option<(i64, T)> {
        let ((time_ms, _), event) = self.events.pop_first()?;
        Some((time_ms, event))
    }

    /// When the next event is due.
    pub fn next_time_ms(&self) -> Option<i64> {
        self.events.keys().next().map(|key| key.0)
    }

    /// How many events are to come.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_time_then_sequence() {
        let mut queue = EventQueue::new();
        for (time, name) in [(5, "c"), (3, "a"), (5, "d"), (3, "b"), (-1, "first")] {
            queue.push(time, name);
        }
        assert_eq!((queue.next_time_ms(), queue.len()), (Some(-1), 5));
        let names: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, name)| name).collect();
        assert_eq!(names, ["first", "a", "b", "c", "d"]);
        assert!(queue.is_empty());
    }
}
