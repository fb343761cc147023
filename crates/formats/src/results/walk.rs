//! From the walk through a report to its events, whatever the report is written in.

use super::tally::Tally;
use crate::junit::Event;
use crate::{Limits, ReadError};

/// A way through a report.
pub(super) trait Walk {
    /// Goes on a little and hands over what it finds. False: the report was read to its end.
    fn step(&mut self, tally: &mut Tally) -> Result<bool, ReadError>;
}

/// The events of a walk. A report that turns out to be unreadable gives the error and nothing after it.
pub(super) struct Reader<W> {
    walk: W,
    tally: Tally,
    over: bool,
}

impl<W: Walk> Reader<W> {
    pub(super) fn new(walk: W, limits: Limits) -> Self {
        Self { walk, tally: Tally::new(limits), over: false }
    }

    /// Goes to the end, and gives the walk with what it has gathered.
    pub(super) fn into_walk(mut self) -> Result<W, ReadError> {
        while self.walk.step(&mut self.tally)? {
            self.tally.clear();
        }
        Ok(self.walk)
    }
}

impl<W: Walk> Iterator for Reader<W> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.tally.pop() {
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            match self.walk.step(&mut self.tally) {
                Ok(more) => self.over = !more,
                Err(error) => {
                    self.over = true;
                    self.tally.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}
