//! The other ways to understand what a client says: noted as it speaks, told when the server has
//! answered one of them.

use super::alone;
use super::buffer::Budget;
use super::flight::{Flight, Noted, Said};
use super::opening::Opening;
use crate::desk::Talk;
use crate::ends::Way;

/// The flight under way, and whether there will be others.
#[derive(Default, Debug)]
pub(super) struct Second {
    flight: Option<Box<Flight>>,
    /// No more is noted until the server has spoken.
    full: bool,
    /// A flight was over: the next is not the flow's first.
    later: bool,
    /// All is read, and just the flight is waited for.
    lingers: bool,
}

impl Second {
    /// Let go of everything.
    pub(super) fn clear(&mut self, budget: &mut Budget) {
        if let Some(mut flight) = self.flight.take() {
            flight.clear(budget);
        }
    }
}

impl Opening {
    /// Whether what is noted can be understood in more than one way.
    pub(super) fn is_of_two_minds(&self) -> bool {
        self.second.flight.as_ref().is_some_and(|flight| flight.contradicted())
    }

    /// Whether segments of `way` are to be noted: those of the client.
    pub(crate) fn notes(&self, way: Way, talk: &Talk<'_, '_>) -> bool {
        match &self.second.flight {
            Some(flight) => flight.way == way,
            None => {
                !self.second.full
                    && way == talk.meta.client()
                    && !talk.meta.done(way)
                    && !self.stream(way).skips()
            }
        }
    }

    /// Note a segment before it is read.
    pub(crate) fn note(
        &mut self,
        way: Way,
        said: &Said<'_>,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) {
        let stream = self.streams.of(way);
        let flight = self.second.flight.get_or_insert_with(|| {
            let begin = stream.place_of_next();
            let floating = begin.is_none() || stream.is_floating();
            Box::new(Flight::new(way, begin.unwrap_or(said.sequence), floating, said.marks))
        });
        if flight.note(said, budget) == Noted::Full {
            self.tell_second(budget, talk);
            self.second.full = true;
            self.stop_lingering(talk);
        }
    }

    /// The other side speaks: the flight of `way` is over.
    pub(crate) fn end_flight(&mut self, way: Way, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        if self.second.flight.as_ref().is_none_or(|flight| flight.way == way) {
            self.tell_second(budget, talk);
            self.second.full = talk.meta.done(way);
            self.stop_lingering(talk);
        }
    }

    /// The reader wants no more, by what `way` said, and the other end has said nothing to it: what
    /// it read may have been a lie. The flow is not done with before the other end has answered.
    pub(super) fn linger(&mut self, way: Way, talk: &mut Talk<'_, '_>) {
        if self.second.flight.as_ref().is_some_and(|flight| flight.way == way) {
            self.second.lingers = true;
            talk.meta.set_done(way.other(), false);
        }
    }

    /// Whether all is read, and just the other end's answer is waited for.
    pub(crate) const fn lingers(&self) -> bool {
        self.second.lingers
    }

    fn stop_lingering(&mut self, talk: &mut Talk<'_, '_>) {
        if std::mem::take(&mut self.second.lingers) {
            for way in Way::BOTH {
                talk.meta.set_done(way, true);
            }
        }
    }

    /// Tell what every other reading of the flight says, and let go of it.
    pub(super) fn tell_second(&mut self, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        let Some(mut flight) = self.second.flight.take() else { return };
        let opens = !std::mem::replace(&mut self.second.later, true);
        if flight.contradicted() {
            let side = talk.meta.side(flight.way);
            let (first, others) = flight.readings();
            let mut told = alone::facts(&first, side, opens, talk);
            for reading in others {
                for fact in alone::facts(&reading, side, opens, talk) {
                    if !told.contains(&fact) {
                        talk.count_anomaly("tcp_read_in_two_ways");
                        told.push(fact.clone());
                        talk.tell(fact);
                    }
                }
            }
        }
        flight.clear(budget);
    }
}
