//! Names in DNS messages, walked within bounds: no message can make it cost more than a few steps.

use model::DomainName;

use crate::protocols::limits::{DNS_HOPS_MAX, DNS_LABELS_MAX, DNS_NAME_OCTETS_MAX, DNS_STEPS_MAX};

/// Why a name could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NameFault {
    /// The message ends before it does.
    Cut,
    /// It breaks a rule: a label type, a pointer that does not go back, a bound.
    Malformed,
    /// The message's names have cost too much already.
    Costly,
}

/// Steps that are left for the names of one message.
#[derive(Debug)]
pub(super) struct Steps(u32);

impl Steps {
    /// All that a message has.
    pub(super) const fn new() -> Steps {
        Steps(DNS_STEPS_MAX)
    }

    /// How many were taken.
    #[cfg(test)]
    pub(super) const fn taken(&self) -> u32 {
        DNS_STEPS_MAX - self.0
    }

    fn take(&mut self) -> Result<(), NameFault> {
        self.0 = self.0.checked_sub(1).ok_or(NameFault::Costly)?;
        Ok(())
    }
}

/// A name that keeps all bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Walked {
    start: usize,
    /// Where the octets after the name begin, as it stands in its place.
    pub(super) end: usize,
    labels: usize,
    /// Pointers that it follows.
    hops: usize,
}

impl Walked {
    /// Whether a pointer to it makes a name that keeps all bounds, too.
    pub(super) const fn may_be_pointed_at(self) -> bool {
        self.hops < DNS_HOPS_MAX
    }

    /// The name; `None` for the root.
    pub(super) fn text(self, message: &[u8]) -> Option<DomainName> {
        DomainName::from_labels(self.labels(message)).ok()
    }

    /// The labels. The walk has shown that they are all there.
    pub(super) fn labels(self, message: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut at = self.start;
        let next = move || {
            // At most one jump stands before each label, and each goes back: the walk saw to it.
            for _ in 0..=DNS_HOPS_MAX {
                match part(message, at).ok()? {
                    Part::Label(label, after) => {
                        at = after;
                        return Some(label);
                    }
                    Part::Jump(target, _) => at = target,
                    Part::End(_) => return None,
                }
            }
            None
        };
        std::iter::from_fn(next).take(self.labels)
    }
}

/// Walk the name that begins at `at`.
pub(super) fn walk(message: &[u8], at: usize, steps: &mut Steps) -> Result<Walked, NameFault> {
    walk_showing(message, at, steps, |_| {})
}

/// The same, and the name itself; `None` for the root.
pub(super) fn read(
    message: &[u8],
    at: usize,
    steps: &mut Steps,
) -> Result<(Walked, Option<DomainName>), NameFault> {
    let mut dotted = Dotted { octets: [0; DNS_NAME_OCTETS_MAX], len: 0 };
    let walked = walk_showing(message, at, steps, |run| dotted.push(run))?;
    let name = match walked.labels {
        0 => None,
        labels => dotted.name(labels).or_else(|| walked.text(message)),
    };
    Ok((walked, name))
}

/// Walk a name and show each run of its labels, with their lengths before them.
#[inline]
fn walk_showing<'a>(
    message: &'a [u8],
    at: usize,
    steps: &mut Steps,
    mut show: impl FnMut(&'a [u8]),
) -> Result<Walked, NameFault> {
    let (mut here, mut run, mut end) = (at, at, None);
    let (mut octets, mut labels, mut hops) = (1usize, 0usize, 0usize);
    loop {
        steps.take()?;
        match part(message, here)? {
            Part::End(after) => {
                show(message.get(run..here).unwrap_or_default());
                let end = end.unwrap_or(after);
                return Ok(Walked { start: at, end, labels, hops });
            }
            Part::Label(_, after) => {
                // Within the message, so that no sum here can overflow.
                octets += after - here;
                labels += 1;
                if octets > DNS_NAME_OCTETS_MAX || labels > DNS_LABELS_MAX {
                    return Err(NameFault::Malformed);
                }
                here = after;
            }
            Part::Jump(target, after) => {
                hops += 1;
                // RFC 1035 §4.1.4: a pointer names a prior occurrence. Held strictly, no loop is
                // possible: every run of labels begins before the one that points at it.
                if hops > DNS_HOPS_MAX || target >= run {
                    return Err(NameFault::Malformed);
                }
                show(message.get(run..here).unwrap_or_default());
                end = end.or(Some(after));
                (here, run) = (target, target);
            }
        }
    }
}

/// The labels of a name one behind the other, a dot before each: copied a run at a time.
struct Dotted {
    octets: [u8; DNS_NAME_OCTETS_MAX],
    len: usize,
}

impl Dotted {
    /// Take a run of labels, each behind its length.
    fn push(&mut self, run: &[u8]) {
        let end = self.len.saturating_add(run.len());
        let Some(place) = self.octets.get_mut(self.len..end) else { return };
        place.copy_from_slice(run);
        let mut at = 0usize;
        while let Some(octet) = place.get_mut(at) {
            at += usize::from(*octet) + 1;
            *octet = b'.';
        }
        self.len = end;
    }

    /// The name of so many labels, unless it needs escapes.
    fn name(&self, labels: usize) -> Option<DomainName> {
        DomainName::from_dotted(self.octets.get(1..self.len)?, labels)
    }
}

/// Where the octets after the name at `at` begin, without following its pointers.
pub(super) fn pass_over(message: &[u8], at: usize) -> Result<usize, NameFault> {
    let mut here = at;
    for _ in 0..=DNS_LABELS_MAX {
        match part(message, here)? {
            Part::Label(_, after) => here = after,
            Part::Jump(_, after) | Part::End(after) => return Ok(after),
        }
    }
    Err(NameFault::Malformed)
}

/// One part of a name and where the octets after it begin.
enum Part<'a> {
    Label(&'a [u8], usize),
    Jump(usize, usize),
    End(usize),
}

#[inline]
fn part(message: &[u8], at: usize) -> Result<Part<'_>, NameFault> {
    let first = *message.get(at).ok_or(NameFault::Cut)?;
    let next = at.saturating_add(1);
    match first >> 6 {
        0 if first == 0 => Ok(Part::End(next)),
        0 => {
            let after = next.saturating_add(usize::from(first));
            Ok(Part::Label(message.get(next..after).ok_or(NameFault::Cut)?, after))
        }
        3 => {
            let low = *message.get(next).ok_or(NameFault::Cut)?;
            let target = usize::from(u16::from_be_bytes([first & 0x3f, low]));
            Ok(Part::Jump(target, next.saturating_add(1)))
        }
        // RFC 6891 §5: the label types 01 and 10 are obsolete or reserved.
        _ => Err(NameFault::Malformed),
    }
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    fn read(message: &[u8], at: usize) -> Result<String, NameFault> {
        let (walked, name) = super::read(message, at, &mut Steps::new())?;
        assert_eq!(name, walked.text(message), "the quick way and the slow one agree");
        Ok(name.map_or_else(|| ".".to_owned(), |name| name.to_string()))
    }

    #[test]
    fn names_and_their_faults() {
        let long: Vec<u8> = std::iter::repeat_n(b"\x3f".iter().chain([b'a'; 63].iter()), 4)
            .flatten()
            .chain(b"\0")
            .copied()
            .collect();
        let table: &[(&str, &[u8], usize, Result<&str, NameFault>)] = &[
            ("plain", b"\x01a\x02BC\0", 0, Ok("a.bc")),
            ("root", b"\0", 0, Ok(".")),
            ("pointer", b"\x01a\0\x01b\xc0\x00", 3, Ok("b.a")),
            ("two pointers", b"\x01a\0\x01b\xc0\x00\xc0\x03", 7, Ok("b.a")),
            ("non-ASCII", b"\x02\xc3\xa9\0", 0, Ok("\\xc3\\xa9")),
            ("dot inside", b"\x03a.b\0", 0, Ok("a\\x2eb")),
            ("dot at the end", b"\x01a\x02b.\0", 0, Ok("a.b\\x2e")),
            ("capitals and a pointer", b"\x01A\0\x02Bc\x01D\xc0\x00", 3, Ok("bc.d.a")),
            ("to itself", b"\xc0\x00", 0, Err(NameFault::Malformed)),
            ("into its own run", b"\x01a\xc0\x00", 0, Err(NameFault::Malformed)),
            ("forward", b"\xc0\x02\x01a\0", 0, Err(NameFault::Malformed)),
            ("label type 10", b"\x80a\0", 0, Err(NameFault::Malformed)),
            ("too long", &long, 0, Err(NameFault::Malformed)),
            ("cut in a label", b"\x05ab", 0, Err(NameFault::Cut)),
            ("cut in a pointer", b"\x01a\xc0", 0, Err(NameFault::Cut)),
            ("cut at its end", b"\x01a", 0, Err(NameFault::Cut)),
            ("behind the end", b"", 7, Err(NameFault::Cut)),
        ];
        for (what, message, at, want) in table {
            assert_eq!(read(message, *at), want.map(str::to_owned), "{what}");
        }
    }

    #[test]
    fn the_longest_name_has_127_labels_and_255_octets() {
        let mut message = b"\x01a".repeat(127);
        message.push(0);
        assert_eq!(message.len(), DNS_NAME_OCTETS_MAX);
        assert_eq!(read(&message, 0).map(|name| name.len()), Ok(253));
        let mut more = b"\x01a".repeat(128);
        more.push(0);
        assert_eq!(read(&more, 0), Err(NameFault::Malformed));
    }

    #[test]
    fn sixteen_hops_and_no_more() {
        // Each run is a pointer to the one before it; the first one is the root.
        let mut message = vec![0u8];
        let mut before = 0u16;
        for hops in 1..=20usize {
            let here = u16::try_from(message.len()).expect("a short message");
            message.extend((0xc000 | before).to_be_bytes());
            before = here;
            let mut steps = Steps::new();
            let walked = walk(&message, usize::from(here), &mut steps);
            assert_eq!(walked.is_ok(), hops <= DNS_HOPS_MAX, "{hops} hops");
            assert!(steps.taken() <= 17, "{hops} hops took {} steps", steps.taken());
        }
    }
}
