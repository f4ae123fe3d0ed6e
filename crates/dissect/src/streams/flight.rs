//! What the client said since the server last spoke, in every way in which it can be understood.
//!
//! Segments may contradict each other: with low hop counts, wrong checksums and the like a client
//! shows a sensor octets that its server never accepts. Which of them the server took no sensor
//! knows. So the stream is read as its first octets have it, and while contradictions are held
//! here, every other reading is told as well once the server answers.
#![warn(clippy::arithmetic_side_effects)]

use super::buffer::{Budget, Buffer, Put};
use super::marks::{Marks, Sum};
use crate::ends::Way;
use crate::limits::{FLIGHT_HOLES_MAX, FLIGHT_KINDS_MAX, FLIGHT_LEN_MAX, FLIGHT_URGENT_MAX};

/// A segment of a flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// Sequence number of the first octet.
    pub(crate) sequence: u32,
    /// What it says.
    pub(crate) octets: &'a [u8],
    /// How it came.
    pub(crate) marks: Marks,
    /// Sequence number of its urgent octet.
    pub(crate) urgent: Option<u32>,
}

/// What became of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noted {
    /// It is held.
    Yes,
    /// There is no room for more.
    Full,
}

/// One way to understand a flight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reading {
    /// Its octets, from the first one on.
    pub(crate) octets: Vec<u8>,
    /// Octets of the first segment.
    pub(crate) first_len: u32,
}

/// Octets of segments that are alike, or of all.
#[derive(Default, Debug)]
struct Strand {
    octets: Buffer,
    first_len: u32,
}

impl Strand {
    fn copy(&self, budget: &mut Budget) -> Option<Strand> {
        Some(Strand { octets: self.octets.copy(budget)?, first_len: self.first_len })
    }

    fn put(&mut self, offset: usize, octets: &[u8], budget: &mut Budget) -> Put {
        if offset == 0 && self.first_len == 0 {
            self.first_len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        }
        self.octets.put(offset, octets, FLIGHT_HOLES_MAX, budget)
    }

    fn overwrite(&mut self, offset: usize, octets: &[u8], budget: &mut Budget) {
        if offset == 0 {
            self.first_len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        }
        self.octets.overwrite(offset, octets, FLIGHT_HOLES_MAX, budget);
    }

    /// The octets at hand, without those at `left_out`.
    fn reading(&self, left_out: &[usize]) -> Reading {
        let octets = self.octets.at_hand().iter().enumerate();
        let kept = octets.filter(|(place, _)| !left_out.contains(place));
        Reading { octets: kept.map(|(_, octet)| *octet).collect(), first_len: self.first_len }
    }
}

/// A flight.
#[derive(Debug)]
pub(crate) struct Flight {
    /// Whose it is.
    pub(crate) way: Way,
    begin: u32,
    /// No SYN told where it begins: what comes before it may be late.
    floating: bool,
    /// The first octet that came for each place.
    first: Strand,
    /// How the segments came, while all came alike.
    marks: Marks,
    /// The last one that came for each place and was not there already, from the first
    /// contradiction on.
    last: Option<Strand>,
    /// The octets of each kind of segment, once there are several.
    kinds: Vec<(Marks, Strand)>,
    urgent: Vec<u32>,
    contradicted: bool,
}

impl Flight {
    /// A flight of `way` that begins with octet number `begin`; `marks` are those of its first
    /// segment.
    pub(crate) fn new(way: Way, begin: u32, floating: bool, marks: Marks) -> Flight {
        Flight {
            way,
            begin,
            floating,
            first: Strand::default(),
            marks,
            last: None,
            kinds: Vec::new(),
            urgent: Vec::new(),
            contradicted: false,
        }
    }

    /// Whether it can be understood in more than one way.
    pub(crate) const fn contradicted(&self) -> bool {
        self.contradicted
    }

    /// Take a segment.
    pub(crate) fn note(&mut self, said: &Said<'_>, budget: &mut Budget) -> Noted {
        let Some((offset, octets)) = self.place(said, budget) else { return Noted::Yes };
        let Some(octets) = octets.get(..FLIGHT_LEN_MAX.saturating_sub(offset).min(octets.len()))
        else {
            return Noted::Yes;
        };
        if octets.is_empty() {
            return if offset == FLIGHT_LEN_MAX { Noted::Full } else { Noted::Yes };
        }
        // RFC 1122 §4.2.3.6: a keep-alive may repeat the last octet, as 0.
        if octets == [0] && offset.checked_add(1) == Some(self.first.octets.end()) {
            return Noted::Yes;
        }
        if said.marks != self.marks && self.kinds.is_empty() {
            let Some(alike) = self.first.copy(budget) else { return Noted::Full };
            self.kinds.push((self.marks, alike));
        }
        let known = self.first.octets.has(offset, octets);
        let put = self.first.put(offset, octets, budget);
        let contradicts = match put {
            Put::Held(contradicts) => contradicts,
            Put::Holes => return Noted::Yes,
            Put::OverBudget => return Noted::Full,
        };
        self.contradicted |= contradicts;
        self.note_urgent(said.urgent);
        if !known && !self.note_last(said.marks, contradicts, offset, octets, budget) {
            return Noted::Full;
        }
        if !self.kinds.is_empty() {
            self.note_kind(said.marks, offset, octets, budget);
        }
        Noted::Yes
    }

    /// Where in the flight a segment stands, and what of it is in it.
    fn place<'a>(&mut self, said: &Said<'a>, budget: &mut Budget) -> Option<(usize, &'a [u8])> {
        let ahead = said.sequence.wrapping_sub(self.begin).cast_signed();
        let Ok(offset) = usize::try_from(ahead) else {
            let before = usize::try_from(ahead.unsigned_abs()).ok()?;
            if !self.floating {
                return Some((0, said.octets.get(before..)?));
            }
            let fits = before.saturating_add(self.first.octets.end()) <= FLIGHT_LEN_MAX;
            return (fits && self.make_way(before, budget)).then_some((0, said.octets));
        };
        Some((offset, said.octets))
    }

    fn make_way(&mut self, count: usize, budget: &mut Budget) -> bool {
        self.begin = self.begin.wrapping_sub(u32::try_from(count).unwrap_or(0));
        let kinds = self.kinds.iter_mut().map(|(_, strand)| strand);
        let mut strands = kinds.chain(self.last.as_mut()).chain([&mut self.first]);
        strands.all(|strand| {
            strand.first_len = 0;
            strand.octets.make_way(count, budget)
        })
    }

    fn note_urgent(&mut self, urgent: Option<u32>) {
        if let Some(place) = urgent
            && self.urgent.len() < FLIGHT_URGENT_MAX
            && !self.urgent.contains(&place)
        {
            self.urgent.push(place);
            self.contradicted = true;
        }
    }

    /// Take a segment into what came last. False when the budget is spent.
    fn note_last(
        &mut self,
        marks: Marks,
        contradicts: bool,
        offset: usize,
        octets: &[u8],
        budget: &mut Budget,
    ) -> bool {
        if self.last.is_none() {
            if !contradicts {
                return true;
            }
            self.last = self.first.copy(budget);
        }
        let refused = marks.sum == Sum::Bad && self.has_good();
        match &mut self.last {
            Some(last) if contradicts && !refused => last.overwrite(offset, octets, budget),
            Some(last) => drop(last.put(offset, octets, budget)),
            None => return false,
        }
        true
    }

    fn note_kind(&mut self, marks: Marks, offset: usize, octets: &[u8], budget: &mut Budget) {
        if let Some((_, strand)) = self.kinds.iter_mut().find(|(kind, _)| *kind == marks) {
            strand.put(offset, octets, budget);
        } else if self.kinds.len() < FLIGHT_KINDS_MAX {
            let mut strand = Strand::default();
            strand.put(offset, octets, budget);
            self.kinds.push((marks, strand));
        }
    }

    /// Whether a segment had a checksum that holds: those that have none are lies then.
    fn has_good(&self) -> bool {
        let mut kinds = self.kinds.iter().map(|(kind, _)| kind);
        self.marks.sum == Sum::Good || kinds.any(|kind| kind.sum == Sum::Good)
    }

    /// Every way to understand the flight: the one that the stream is read in, and the others.
    pub(crate) fn readings(&self) -> (Reading, Vec<Reading>) {
        let first = self.first.reading(&[]);
        let places = self.urgent.iter().map(|place| place.wrapping_sub(self.begin) as usize);
        let urgent: Vec<usize> = places.collect();
        let good = self.has_good();
        let kinds = self.kinds.iter().filter(|(kind, _)| !(good && kind.sum == Sum::Bad));
        let strands = self.last.iter().chain(kinds.map(|(_, strand)| strand));
        let mut others: Vec<Reading> = Vec::new();
        for strand in strands.chain([&self.first]) {
            for left_out in [&[][..], &urgent] {
                let reading = strand.reading(left_out);
                if !reading.octets.is_empty() && reading != first && !others.contains(&reading) {
                    others.push(reading);
                }
            }
        }
        (first, others)
    }

    /// Let go of everything.
    pub(crate) fn clear(&mut self, budget: &mut Budget) {
        let kinds = self.kinds.iter_mut().map(|(_, strand)| strand);
        for strand in kinds.chain(self.last.as_mut()).chain([&mut self.first]) {
            strand.octets.clear(budget);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Marks = Marks { hops: 64, sum: Sum::Good, signed: false, acknowledges: true };
    const FEW: Marks = Marks { hops: 3, ..USUAL };
    const BAD: Marks = Marks { sum: Sum::Bad, ..USUAL };

    /// Every other reading after these segments, as text; all is given back.
    fn others(begin: u32, floating: bool, said: &[(u32, &str, Marks)]) -> Vec<String> {
        let mut budget = Budget::new(1 << 16);
        let first = said.first().expect("a segment");
        let mut flight = Flight::new(Way::FromLow, begin, floating, first.2);
        for (sequence, text, marks) in said {
            let octets = text.as_bytes();
            let said = Said { sequence: *sequence, octets, marks: *marks, urgent: None };
            assert_eq!(flight.note(&said, &mut budget), Noted::Yes);
        }
        let (_, others) = flight.readings();
        assert_eq!(flight.contradicted(), !others.is_empty() || flight.contradicted());
        flight.clear(&mut budget);
        assert_eq!(budget.held(), 0);
        let text = |reading: Reading| String::from_utf8_lossy(&reading.octets).into_owned();
        others.into_iter().map(text).collect()
    }

    #[test]
    fn whatever_the_server_took_is_among_the_readings() {
        type Row<'a> = (&'a str, &'a [(u32, &'a str, Marks)]);
        let table: &[Row<'_>] = &[
            ("fake first", &[(0, "FAKE", USUAL), (0, "true", USUAL)]),
            ("fake first, with few hops", &[(0, "FAKE", FEW), (0, "true", USUAL)]),
            (
                "fakes around, twice",
                &[
                    (0, "FA", USUAL),
                    (0, "tr", USUAL),
                    (0, "FA", USUAL),
                    (2, "KE", USUAL),
                    (2, "ue", USUAL),
                    (2, "KE", USUAL),
                ],
            ),
            (
                "now before, now behind, with few hops",
                &[(0, "tr", USUAL), (0, "FA", FEW), (2, "KE", FEW), (2, "ue", USUAL)],
            ),
            (
                "the same with bad checksums, from the end",
                &[(2, "ue", USUAL), (2, "KE", BAD), (0, "FA", BAD), (0, "tr", USUAL)],
            ),
            ("partly", &[(0, "trAK", USUAL), (2, "ue", USUAL)]),
        ];
        for (what, said) in table {
            assert!(others(0, false, said).contains(&"true".to_owned()), "{what}");
        }
    }

    #[test]
    fn lies_that_no_server_takes_are_no_reading() {
        let said = [(0, "true", USUAL), (0, "FAKE", BAD)];
        assert_eq!(others(0, false, &said), Vec::<String>::new());
        // Where no checksum holds, none tells anything.
        let marks = Marks { hops: 9, ..BAD };
        let said = [(0, "true", BAD), (0, "FAKE", marks)];
        assert_eq!(others(0, false, &said), ["FAKE"]);
    }

    #[test]
    fn without_a_contradiction_there_is_one_reading() {
        let table: &[&[(u32, &str, Marks)]] = &[
            &[(0, "tr", USUAL), (2, "ue", USUAL), (0, "true", USUAL), (1, "ru", USUAL)],
            &[(2, "ue", USUAL), (0, "tr", USUAL)],
        ];
        for said in table {
            assert_eq!(others(0, false, said), Vec::<String>::new());
        }
        // What stands before the beginning is nothing, unless the beginning is not known.
        let said = [(10, "ue", USUAL), (8, "tr", USUAL), (8, "FA", USUAL)];
        assert_eq!(others(10, true, &said), ["FAue"]);
        assert_eq!(others(10, false, &said), Vec::<String>::new());
    }

    #[test]
    fn an_urgent_octet_may_be_left_out() {
        let mut budget = Budget::new(1 << 16);
        let mut flight = Flight::new(Way::FromLow, u32::MAX, false, USUAL);
        let said = Said { sequence: u32::MAX, octets: b"trXue", marks: USUAL, urgent: Some(1) };
        assert_eq!(flight.note(&said, &mut budget), Noted::Yes);
        let (first, others) = flight.readings();
        assert_eq!((&*first.octets, &*others[0].octets), (&b"trXue"[..], &b"true"[..]));
    }

    #[test]
    fn a_flight_has_bounds() {
        let mut budget = Budget::new(1 << 20);
        let mut flight = Flight::new(Way::FromLow, 0, false, USUAL);
        let mut say = |sequence: u32, octets: &[u8]| {
            flight.note(&Said { sequence, octets, marks: USUAL, urgent: None }, &mut budget)
        };
        assert_eq!(say(0, &[1; FLIGHT_LEN_MAX + 1]), Noted::Yes);
        assert_eq!(say(FLIGHT_LEN_MAX as u32, &[1]), Noted::Full);
        assert_eq!(say(FLIGHT_LEN_MAX as u32 + 1, &[1]), Noted::Yes);
        let mut few = Budget::new(100);
        let said = Said { sequence: 0, octets: &[1], marks: USUAL, urgent: None };
        let mut flight = Flight::new(Way::FromLow, 0, false, USUAL);
        assert_eq!(flight.note(&said, &mut few), Noted::Full);
    }
}
