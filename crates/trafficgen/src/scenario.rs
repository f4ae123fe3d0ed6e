//! A scenario's text: who there is, what happens when, and what a sensor should say of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::value::Datetime;

use crate::TimedFrame;
use crate::acts::{Act, Scene, Theatre};
use crate::calendar::{clock_seconds, nanos_of};
use crate::cast::{Cast, Fault, Host, Name, ROUTER_MAC, Target};
use crate::expected::Expected;
use crate::limits::{ACTS_MAX, NAME_ADDRESSES_MAX, SCENARIO_BYTES_MAX};
use crate::pcap::Precision;

/// What is wrong with a scenario. It shows as `line:column: why`, to be put behind a file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {why}")]
pub struct ScenarioError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl ScenarioError {
    fn new(text: &str, fault: Fault) -> ScenarioError {
        let before = text.get(..fault.at.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ScenarioError { line, column, why: fault.why }
    }
}

/// A scenario that could be read, and played without a mistake.
#[derive(Clone, Debug)]
pub struct Scenario {
    about: String,
    precision: Precision,
    pace: f64,
    expected: Vec<Expected>,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    frames: Vec<TimedFrame>,
}

/// Everything but the acts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    about: String,
    start: Spanned<Datetime>,
    #[serde(default)]
    seed: u32,
    #[serde(default)]
    nanoseconds: bool,
    /// How many times as fast as it is written the story is told.
    pace: Option<Spanned<f64>>,
    #[serde(default)]
    tap: Tap,
    resolver: Option<Spanned<String>>,
    hosts: BTreeMap<String, Host>,
    #[serde(default)]
    names: BTreeMap<Name, Vec<Target>>,
    #[serde(default)]
    expect: Vec<Expected>,
}

/// Which frames the tap sees of those that cross the border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tap {
    #[default]
    Both,
    /// Only what leaves the house.
    Outbound,
    /// Only what comes in.
    Inbound,
}

impl Tap {
    fn sees(self, frame: &[u8]) -> bool {
        match self {
            Tap::Both => true,
            Tap::Outbound => frame.get(6..12) != Some(&ROUTER_MAC),
            Tap::Inbound => frame.get(..6) != Some(&ROUTER_MAC),
        }
    }
}

/// An act's moments: seconds after the start, how often, and how many seconds apart.
struct Moments {
    at: f64,
    repeat: u32,
    every: f64,
}

impl Scenario {
    /// Read a scenario, and play it once: most mistakes show only on the stage.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        read(text).map_err(|fault| ScenarioError::new(text, fault))
    }

    /// One sentence on what it shows.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// How fine the times in its capture are.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How many times as fast as it is written the story is told.
    pub fn pace(&self) -> f64 {
        self.pace
    }

    /// The alerts that a sensor should raise, and no others.
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// The addresses of a host, as the scenario calls it; none where it knows no such host.
    pub fn addresses(&self, host: &str) -> &[IpAddr] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// All frames in the order of time.
    pub fn frames(&self) -> Vec<TimedFrame> {
        self.frames.clone()
    }

    /// The capture file.
    pub fn capture(&self) -> Vec<u8> {
        let mut file = Vec::new();
        // A Vec takes whatever is written to it.
        let written = crate::pcap::write(&mut file, self.precision, &self.frames);
        debug_assert!(written.is_ok());
        file
    }
}

fn read(text: &str) -> Result<Scenario, Fault> {
    let whole = |error: toml::de::Error| Fault {
        at: error.span().unwrap_or(0..0),
        why: error.message().to_owned(),
    };
    let mut root = DeTable::parse(text).map_err(whole)?;
    let acts = root.get_mut().remove("act");
    let head = Head::deserialize(toml::de::Deserializer::from(root)).map_err(whole)?;
    let start = nanos_of(head.start.get_ref()).ok_or_else(|| {
        Fault::new(&head.start, "write a date and time in UTC, before 2106: 2022-09-14T14:00:00Z")
    })?;
    let mut names = BTreeMap::new();
    for (Name(name), targets) in head.names {
        if targets.len() > NAME_ADDRESSES_MAX {
            let why = format!("`{name}` has more than {NAME_ADDRESSES_MAX} addresses");
            return Err(Fault { at: 0..0, why });
        }
        names.insert(name, targets);
    }
    let cast = Cast { hosts: head.hosts, names, resolver: head.resolver };
    let mut theatre = Theatre::new(&cast, u64::from(head.seed));
    let (mut frames, mut bytes) = (Vec::new(), 0);
    for act in acts_of(acts)? {
        let span = act.span();
        let (moments, act) = act_of(act)?;
        for turn in 0..moments.repeat {
            let seconds = moments.at + f64::from(turn) * moments.every;
            let mut scene = Scene::new(&mut theatre, start + (seconds * 1e9) as u64);
            act.perform(&mut scene)?;
            bytes += scene.out.iter().map(|(_, frame)| frame.len()).sum::<usize>();
            frames.append(&mut scene.out);
            let refuse = |why: &str| Err(Fault { at: span.clone(), why: why.to_owned() });
            if theatre.performed() > ACTS_MAX {
                return refuse(&format!("this is more than {ACTS_MAX} acts"));
            }
            if bytes > SCENARIO_BYTES_MAX {
                return refuse(&format!("this makes more than {SCENARIO_BYTES_MAX} octets"));
            }
        }
    }
    frames.sort_by_key(|(at, _)| *at);
    if let Some(pace) = &head.pace {
        if !(1.0..=1e4).contains(pace.get_ref()) {
            return Err(Fault::new(pace, "a pace is 1 to 10000 times"));
        }
        for (at, _) in &mut frames {
            *at = start + ((*at - start) as f64 / pace.get_ref()) as u64;
        }
    }
    frames.retain(|(_, frame)| head.tap.sees(frame));
    let hosts = cast.hosts.iter().map(|(name, host)| (name.clone(), host.addresses.clone()));
    let hosts = hosts.collect();
    let precision = if head.nanoseconds { Precision::Nanoseconds } else { Precision::Microseconds };
    let pace = head.pace.map_or(1.0, Spanned::into_inner);
    Ok(Scenario { about: head.about, precision, pace, expected: head.expect, hosts, frames })
}

fn acts_of(acts: Option<Spanned<DeValue<'_>>>) -> Result<Vec<Spanned<DeValue<'_>>>, Fault> {
    let Some(acts) = acts else { return Ok(Vec::new()) };
    let at = acts.span();
    match acts.into_inner() {
        DeValue::Array(list) => Ok(list.into_iter().collect()),
        _ => Err(Fault { at, why: "write each act as [[act]]".into() }),
    }
}

/// Tell what every act has (`at`, `kind`, `repeat`, `every`) from what its kind has.
fn act_of(act: Spanned<DeValue<'_>>) -> Result<(Moments, Act), Fault> {
    let span = act.span();
    let DeValue::Table(mut table) = act.into_inner() else {
        return Err(Fault { at: span, why: "write each act as [[act]]".into() });
    };
    let mut number =
        |key: &str, default: Option<f64>, below: f64| match (table.remove(key), default) {
            (None, None) => Err(Fault { at: span.clone(), why: format!("the act has no `{key}`") }),
            (None, Some(default)) => Ok(default),
            (Some(value), _) => {
                let at = value.span();
                let number = match value.get_ref().as_str() {
                    Some(clock) => clock_seconds(clock).ok_or(()),
                    None => f64::deserialize(ValueDeserializer::from(value)).map_err(drop),
                };
                match number {
                    Ok(number) if (0.0..below).contains(&number) => Ok(number),
                    _ => Err(Fault { at, why: format!("`{key}` is a number from 0 to {below}") }),
                }
            }
        };
    let moments = Moments {
        at: number("at", None, 1e7)?,
        repeat: number("repeat", Some(1.0), 1e5)? as u32,
        every: number("every", Some(60.0), 1e5)?,
    };
    let kind = table.remove("kind");
    let act = Act::read(kind, Spanned::new(span, DeValue::Table(table)))?;
    Ok((moments, act))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "about = \"a test\"\nstart = 2022-09-14T14:00:00Z\n\
        resolver = \"192.0.2.53\"\n[hosts.a]\naddresses = [\"10.0.0.1\"]\n\
        [names]\n\"www.example.com\" = [\"192.0.2.1\"]\n\"x.example\" = [\"y.example\"]\n";

    #[test]
    fn mistakes_are_told_with_their_place() {
        let head = HEAD.lines().count();
        let cases = [
            (
                "[[act]]\nat = 0\nkind = \"lookup\"\nclient = \"b\"\nname = \"www.example.com\"",
                4,
                10,
                "no host is called `b`; there are a",
            ),
            (
                "[[act]]\nat = 0\nkind = \"lookup\"\nclient = \"a\"\nname = \"www.example.net\"",
                5,
                8,
                "`www.example.net` is neither a host, an address nor in [names]",
            ),
            (
                "[[act]]\nat = 0\nkind = \"lookup\"\nclient = \"a\"\nname = \"x.example\"",
                5,
                8,
                "`y.example` is neither a host, an address nor in [names]",
            ),
            (
                "[[act]]\nat = 0\nkind = \"dance\"\nclient = \"a\"",
                3,
                8,
                "no act is called `dance`; there are lookup, tls, quic, http, stream, datagram, \
             neighbour, ping, discover, dhcp, scan",
            ),
            ("[[act]]\nat = 0\nclient = \"a\"", 1, 1, "the act has no `kind`"),
            ("[[act]]\nkind = \"ping\"\nclient = \"a\"", 1, 1, "the act has no `at`"),
            (
                "[[act]]\nat = \"1:61\"\nkind = \"ping\"",
                2,
                6,
                "`at` is a number from 0 to 10000000",
            ),
            ("[[act]]\nat = -1\nkind = \"ping\"", 2, 6, "`at` is a number from 0 to 10000000"),
            (
                "[[act]]\nat = 0\nkind = \"tls\"\nclient = \"a\"\nserver = \"192.0.2.1\"\nbogus = 1",
                6,
                1,
                "unknown field `bogus`",
            ),
            (
                "[[act]]\nat = 0\nkind = \"tls\"\nclient = \"a\"\nserver = \"2001:db8::1\"",
                5,
                10,
                "`a` and `2001:db8::1` have no family in common",
            ),
            (
                "[[act]]\nat = 0\nkind = \"tls\"\nclient = \"a\"\nserver = \"192.0.2.1\"\ndown = 99000000",
                5,
                10,
                "an act sends at most 16777216 octets in one direction",
            ),
            (
                "[[act]]\nat = 0\nkind = \"stream\"\nclient = \"a\"\nserver = \"192.0.2.1\"\nport = 1\nopening = \"8\"",
                7,
                11,
                "`8` is neither octets in hexadecimal, nor `?`, nor \"text\"",
            ),
            (
                "[[act]]\nat = 0\nkind = \"ping\"\nclient = \"a\"\nserver = \"192.0.2.1\"\nrepeat = 20000",
                1,
                1,
                "this is more than 10000 acts",
            ),
            ("speed = 1", 1, 1, "unknown field `speed`"),
            ("= 1", 1, 1, "invalid"),
        ];
        for (rest, line, column, why) in cases {
            let text = if rest.starts_with("[[") {
                format!("{HEAD}{rest}\n")
            } else {
                format!("{rest}\n{HEAD}")
            };
            let line = if rest.starts_with("[[") { head + line } else { line };
            let error = Scenario::parse(&text).unwrap_err();
            let place = (error.line, error.column);
            assert_eq!(place, (line, column), "{rest}: {error}");
            let said = error.why.starts_with(why) || (why == "invalid" && !error.why.is_empty());
            assert!(said, "{rest}: {error}");
        }
    }

    #[test]
    fn a_tap_may_see_one_way_only() {
        let act = "[[act]]\nat = 0\nkind = \"tls\"\nclient = \"a\"\nserver = \"192.0.2.1\"\n";
        let count = |tap: &str| {
            let text = format!("tap = \"{tap}\"\n{HEAD}{act}");
            Scenario::parse(&text).unwrap().frames().len()
        };
        assert!(count("outbound") > 4 && count("inbound") > 4);
        assert_eq!(count("outbound") + count("inbound"), count("both"));
    }

    #[test]
    fn the_same_text_makes_the_same_capture() {
        let act =
            "[[act]]\nat = 1.5\nkind = \"tls\"\nclient = \"a\"\nserver = \"www.example.com\"\n";
        let text = format!("{HEAD}{act}");
        let one = Scenario::parse(&text).unwrap();
        assert_eq!(one.capture(), Scenario::parse(&text).unwrap().capture());
        assert_eq!(one.frames().first().map(|(at, _)| *at), Some(1_663_164_001_500_000_000));
        assert!(one.frames().is_sorted_by_key(|(at, _)| *at));
        let other = Scenario::parse(&format!("seed = 2\n{text}")).unwrap();
        assert_ne!(one.capture(), other.capture());
    }
}
