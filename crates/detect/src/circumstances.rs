//! What speaks for or against a name that lies, beside the name itself: points on its severity, one
//! table, the same as in docs/detection.md.

use std::net::IpAddr;

use model::{DnsAnswer, Fact, FileKind, Protocol, RecordData, RecordType, Severity};

use crate::weights::Weight;

/// Something that is known of a name besides how it reads.
#[derive(Debug)]
pub(crate) struct Circumstance {
    /// For people; stands in docs/detection.md and in the record's steps.
    pub(crate) what: &'static str,
    pub(crate) points: i16,
    /// A clause of the reason; empty where the sentence says it already.
    clause: &'static str,
}

const fn circumstance(what: &'static str, points: i16, clause: &'static str) -> Circumstance {
    Circumstance { what, points, clause }
}

pub(crate) static REACHED: Circumstance =
    circumstance("the host reached a server under it", 10, "");
pub(crate) static PROGRAM: Circumstance =
    circumstance("a program came down from it", 20, "a program came down from it");
pub(crate) static YOUNG: Circumstance = circumstance(
    "a list of names registered lately has it",
    10,
    "a list of names registered lately has it",
);
pub(crate) static FRESH: Circumstance = circumstance(
    "nobody here asked for it before the last day",
    5,
    "nobody here asked for it before the last day",
);
pub(crate) static NOTHING: Circumstance =
    circumstance("the resolver knew no address for it", -20, "the resolver knew no address for it");
pub(crate) static NOWHERE: Circumstance = circumstance(
    "the resolver answered with addresses that lead nowhere outside",
    -20,
    "the resolver answered with addresses that lead nowhere outside",
);
pub(crate) static COMMON: Circumstance = circumstance(
    "many hosts here have used it for days",
    -20,
    "many hosts here have used it for days",
);
pub(crate) static CERTIFICATE: Circumstance =
    circumstance("only a certificate names it", -10, "only the certificate of the server names it");

/// All of them, in the order of the table.
pub(crate) static CIRCUMSTANCES: [&Circumstance; 8] =
    [&REACHED, &PROGRAM, &YOUNG, &FRESH, &NOTHING, &NOWHERE, &COMMON, &CERTIFICATE];

/// The most that a name and its circumstances amount to while no program came down: medium.
pub(crate) const NAME_SEVERITY_MAX: u8 = 65;
/// The most with a program: high. Critical is for a chain of stages, never for a name.
pub(crate) const PROGRAM_SEVERITY_MAX: u8 = 75;
/// The least: a name that lies is never told as nothing.
pub(crate) const NAME_SEVERITY_MIN: u8 = 10;

/// What resolvers said of a name so far; the greater one stands, since a name that leads to a
/// server once does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Answer {
    /// Nothing that tells.
    #[default]
    Unknown,
    /// No such name, or no address.
    Nothing,
    /// Addresses of ours, or of nobody: a sinkhole, a filter, a laboratory.
    Nowhere,
    /// An address outside.
    Server,
}

/// What is known of one host's contact with a name that lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Circumstances {
    /// It was asked for, or a server was called by it: not just named by a certificate.
    pub(crate) called: bool,
    pub(crate) reached: bool,
    pub(crate) program: bool,
    pub(crate) young: bool,
    pub(crate) fresh: bool,
    pub(crate) common: bool,
    pub(crate) answer: Answer,
}

impl Circumstances {
    /// Those that hold, in the order of the table.
    fn holding(&self) -> impl Iterator<Item = &'static Circumstance> {
        let holds = [
            self.reached,
            self.program,
            self.young,
            self.fresh,
            self.answer == Answer::Nothing && !self.reached,
            self.answer == Answer::Nowhere && !self.reached,
            self.common,
            !self.called,
        ];
        CIRCUMSTANCES.into_iter().zip(holds).filter_map(|(one, holds)| holds.then_some(one))
    }

    /// The most that these circumstances let a name amount to.
    fn most(&self) -> u8 {
        if self.program { PROGRAM_SEVERITY_MAX } else { NAME_SEVERITY_MAX }
    }

    fn sum(&self, base: Severity) -> i16 {
        self.holding().fold(i16::from(base.get()), |sum, one| sum.saturating_add(one.points))
    }

    /// The severity of a name whose kind amounts to `base`.
    pub(crate) fn severity(&self, base: Severity) -> Severity {
        let (least, most) = (i16::from(NAME_SEVERITY_MIN), i16::from(self.most()));
        Severity::new(u8::try_from(self.sum(base).clamp(least, most)).unwrap_or(NAME_SEVERITY_MIN))
    }

    /// How the severity comes about, step by step.
    pub(crate) fn steps(&self, weight: &Weight, base: Severity) -> Vec<String> {
        let mut steps = vec![format!("severity: {}, a {}", base.get(), weight.evidence)];
        steps.extend(self.holding().map(|one| format!("severity: {:+}, {}", one.points, one.what)));
        let severity = self.severity(base).get();
        let sum = self.sum(base);
        steps.push(match sum.cmp(&i16::from(severity)) {
            std::cmp::Ordering::Equal => format!("severity: {severity} in all"),
            std::cmp::Ordering::Greater => format!("severity: {severity}, the most, of {sum}"),
            std::cmp::Ordering::Less => format!("severity: {severity}, the least, of {sum}"),
        });
        steps
    }

    /// What of it belongs in the reason, clause by clause.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = &'static str> {
        self.holding().map(|one| one.clause).filter(|clause| !clause.is_empty())
    }
}

/// What an answer says of where its name leads. `ours`: whether an address lies inside.
pub(crate) fn answer(fact: &Fact, ours: impl Fn(IpAddr) -> bool) -> Answer {
    /// RFC 1035 §4.1.1 and RFC 2136 §2.2: no such name; and what filters like to say, refused.
    const NXDOMAIN: u16 = 3;
    const REFUSED: u16 = 5;
    let Fact::DnsAnswer(answer) = fact else { return Answer::Unknown };
    match answer.rcode {
        _ if answer.protocol != Protocol::Dns => Answer::Unknown,
        NXDOMAIN | REFUSED => Answer::Nothing,
        0 => {
            let best = addresses(answer).map(|ip| match ours(ip) || ip.is_multicast() {
                true => Answer::Nowhere,
                false => Answer::Server,
            });
            best.max().unwrap_or_else(|| match &answer.question {
                // Most names have no AAAA and no HTTPS record: that says nothing.
                Some(question) if question.kind == RecordType::A => Answer::Nothing,
                _ => Answer::Unknown,
            })
        }
        // A resolver in trouble.
        _ => Answer::Unknown,
    }
}

fn addresses(answer: &DnsAnswer) -> impl Iterator<Item = IpAddr> {
    answer
        .records
        .iter()
        .flat_map(|record| match &record.data {
            RecordData::Address(ip) => std::slice::from_ref(ip),
            RecordData::Service { hints, .. } => hints.as_slice(),
            RecordData::Name(_) | RecordData::Other(_) => &[],
        })
        .copied()
}

/// The name of a program that came down, or what it is where it has none.
pub(crate) fn program(fact: &Fact) -> Option<&str> {
    let Fact::FileDownload(file) = fact else { return None };
    let kind = match file.kind {
        FileKind::Pe => "a Windows program",
        FileKind::Msi => "an installer",
        FileKind::Elf => "a Linux program",
        FileKind::MachO => "a macOS program",
        // Far more often a document or photographs.
        FileKind::Zip => return None,
    };
    Some(file.name.as_deref().unwrap_or(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{HELPDESK, IMITATION};
    use model::Specificity;

    #[test]
    fn points_add_up_within_bounds() {
        let none = Circumstances { called: true, ..Circumstances::default() };
        let table: &[(&str, Circumstances, u8, u8)] = &[
            ("the name alone", none, 50, 30),
            ("reached", Circumstances { reached: true, ..none }, 60, 40),
            ("fresh", Circumstances { fresh: true, ..none }, 55, 35),
            ("young", Circumstances { young: true, ..none }, 60, 40),
            ("no address", Circumstances { answer: Answer::Nothing, ..none }, 30, 10),
            ("nowhere", Circumstances { answer: Answer::Nowhere, ..none }, 30, 10),
            ("a server", Circumstances { answer: Answer::Server, ..none }, 50, 30),
            (
                "reached in spite of an answer",
                Circumstances { reached: true, answer: Answer::Nothing, ..none },
                60,
                40,
            ),
            ("common", Circumstances { common: true, ..none }, 30, 10),
            (
                "common without an address",
                Circumstances { common: true, answer: Answer::Nothing, ..none },
                10,
                10,
            ),
            ("a certificate's", Circumstances::default(), 40, 20),
            (
                "all without a program",
                Circumstances { reached: true, young: true, fresh: true, ..none },
                65,
                55,
            ),
            (
                "all with a program",
                Circumstances { reached: true, young: true, fresh: true, program: true, ..none },
                75,
                75,
            ),
            (
                "reached, with a program",
                Circumstances { reached: true, program: true, ..none },
                75,
                60,
            ),
        ];
        for (what, circumstances, imitation, helpdesk) in table {
            let got = [&IMITATION, &HELPDESK]
                .map(|weight| circumstances.severity(weight.severity(Specificity::Specific)).get());
            assert_eq!(got, [*imitation, *helpdesk], "{what}");
        }
    }

    #[test]
    fn no_name_is_critical_and_none_is_high_without_a_program() {
        for bits in 0..1u8 << 7 {
            let bit = |place: u8| bits & 1 << place != 0;
            let circumstances = Circumstances {
                called: bit(0),
                reached: bit(1),
                program: bit(2),
                young: bit(3),
                fresh: bit(4),
                common: bit(5),
                answer: if bit(6) { Answer::Nothing } else { Answer::Server },
            };
            let severity = circumstances.severity(IMITATION.severity(Specificity::Specific));
            let high = severity.get() >= 70;
            assert!(severity.get() < 90 && (!high || circumstances.program), "{circumstances:?}");
        }
    }

    #[test]
    fn the_steps_add_up() {
        let reached = Circumstances { called: true, reached: true, ..Circumstances::default() };
        let base = IMITATION.severity(Specificity::Specific);
        assert_eq!(
            reached.steps(&IMITATION, base),
            [
                "severity: 50, a name that imitates a brand or a vendor",
                "severity: +10, the host reached a server under it",
                "severity: 60 in all",
            ]
        );
        let loud = Circumstances { young: true, fresh: true, ..reached };
        assert_eq!(
            loud.steps(&IMITATION, base).last().map(String::as_str),
            Some("severity: 65, the most, of 75")
        );
    }
}
