//! A batch as one request, or as several where the server wants it so.

use std::future::Future;
use std::time::{Duration, Instant};

use super::Verdict;
use crate::limits::CARRY_TELLS_AFTER;
use crate::sinks::{Carried, Carrier, Carrying, Entry, Refused, Setback};

/// How entries become one request, and what its answer means.
pub(in crate::sinks) trait Post: Send {
    /// Entries of one request at most.
    fn records_max(&self) -> usize {
        usize::MAX
    }

    /// How many entries of that batch's beginning must be one request, where an earlier request
    /// with just those is still open.
    fn open(&self, _batch: &[Entry]) -> Option<usize> {
        None
    }

    /// One request with those entries (never none). Places in what it returns count from the
    /// first of them.
    fn post(&mut self, entries: &[Entry]) -> impl Future<Output = Result<Verdict, Setback>> + Send;
}

/// A carrier that hands over a batch in parts.
pub(in crate::sinks) struct InParts<P> {
    way: P,
    /// Octets of one request that the server did not find too much, as far as is known.
    bytes_max: usize,
}

impl<P: Post> InParts<P> {
    /// In one part, until the server says otherwise.
    pub(in crate::sinks) fn new(way: P) -> InParts<P> {
        InParts { way, bytes_max: usize::MAX }
    }

    async fn carry_parts(&mut self, batch: &[Entry]) -> Result<Carried, Setback> {
        let begun = Instant::now();
        let mut refused: Vec<Refused> = Vec::new();
        let mut at = 0;
        // Where the part ends that is tried now; never so far again as it was too much.
        let mut ends = Vec::new();
        while let Some(rest) = batch.get(at..).filter(|rest| !rest.is_empty()) {
            if at > 0 && begun.elapsed() > CARRY_TELLS_AFTER {
                // What is through is told before a time limit takes it back.
                let why = format!("{at} records are through, the rest comes next");
                let wait = Some(Duration::ZERO);
                return Err(Setback { why, carried: at, refused, wait });
            }
            let end = *ends.last().unwrap_or(&(at + self.part(rest)));
            let part = batch.get(at..end).unwrap_or(rest);
            match self.way.post(part).await {
                Ok(Verdict::Taken(some)) => {
                    refused.extend(some.into_iter().map(|one| one.after(at)));
                    at = end;
                    ends.pop();
                }
                Ok(Verdict::Unfit(why) | Verdict::TooMuch(why)) if part.len() <= 1 => {
                    refused.push(Refused { at, why });
                    at = end;
                    ends.pop();
                }
                Ok(verdict) => {
                    if let Verdict::TooMuch(_) = verdict {
                        self.bytes_max = bytes(part) / 2;
                    }
                    if ends.is_empty() {
                        ends.push(end);
                    }
                    ends.push(at + part.len() / 2);
                }
                Err(setback) => {
                    refused.extend(setback.refused.into_iter().map(|one| one.after(at)));
                    return Err(Setback { carried: at + setback.carried, refused, ..setback });
                }
            }
        }
        // A limit of an hour ago need not be one now: feel for it, a little at a time.
        self.bytes_max = self.bytes_max.saturating_add(self.bytes_max / 16);
        Ok(Carried { refused })
    }

    /// How many entries of that rest are one request: one at least.
    fn part(&self, rest: &[Entry]) -> usize {
        if let Some(open) = self.way.open(rest) {
            return open.clamp(1, rest.len());
        }
        let mut octets = 0usize;
        let fits = rest.iter().take(self.way.records_max()).take_while(|entry| {
            octets = octets.saturating_add(entry.body.len());
            octets <= self.bytes_max
        });
        fits.count().max(1)
    }
}

fn bytes(part: &[Entry]) -> usize {
    part.iter().map(|entry| entry.body.len()).sum()
}

impl Refused {
    /// The same, told from an earlier place.
    fn after(self, at: usize) -> Refused {
        Refused { at: self.at + at, ..self }
    }
}

impl<P: Post> Carrier for InParts<P> {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(self.carry_parts(batch))
    }
}

#[cfg(test)]
#[path = "parts/tests.rs"]
mod tests;
