//! How a run went, as a few lines for a person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use model::{DnsShare, Health, LinkType, Timestamp};

use crate::limits::RULE_ROWS_MAX;
use crate::stamp::Stamp;

/// What became of the captures that were given; nothing of all for a live run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    /// How many were read, the damaged ones included.
    pub read: u64,
    /// Files that are no captures, and why. No damage.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Flaws of captures that could be read in part, a file may have several.
    pub damaged: Vec<(PathBuf, String)>,
}

/// Every word of severity, the worst first.
const WORDS: [&str; 5] = ["critical", "high", "medium", "low", "informational"];
/// Files that the text names, of each kind.
const FILE_ROWS_MAX: usize = 2;
/// Columns of the first word of a row.
const LABEL: usize = 14;

impl Files {
    /// Whether no capture was given: a live run.
    pub(crate) fn none(&self) -> bool {
        self.read == 0 && self.passed_over.is_empty() && self.damaged.is_empty()
    }
}

/// How many different files stand in a list.
pub(crate) fn distinct(files: &[(PathBuf, String)]) -> u64 {
    let paths: BTreeSet<_> = files.iter().map(|(path, _)| path).collect();
    u64::try_from(paths.len()).unwrap_or(u64::MAX)
}

/// How a run went, in at most 25 lines, each with its newline; for standard error. `severities`
/// are the alerts first told, by the severity's word.
#[must_use]
pub fn summary_text(
    health: &Health,
    files: &Files,
    severities: &BTreeMap<&'static str, u64>,
) -> String {
    let mut rows = Rows(String::with_capacity(1_024));
    rows.traffic(health);
    rows.facts(health);
    if !files.none() {
        rows.files(files);
    }
    rows.alerts(health, severities);
    rows.0
}

/// The text so far.
struct Rows(String);

impl Rows {
    fn row(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.0, "{label:<LABEL$}{text}"); // a String takes every octet
    }

    fn traffic(&mut self, health: &Health) {
        let tally = &health.frames;
        let (packets, bytes) = (grouped(tally.frames), grouped(tally.bytes));
        self.row("packets", &format!("{packets} ({bytes} octets)"));
        if tally.frames > 0 {
            let (from, to) = (moment(health.since), moment(health.at));
            self.row("time", &format!("{from} to {to} ({})", span(health)));
        }
        let refused: u64 = tally.refused.values().sum();
        if refused > 0 {
            let whys =
                tally.refused.iter().map(|(why, &count)| (why.word().replace('_', " "), count));
            let share = share_pct(refused, tally.frames);
            self.row("refused", &format!("{} ({share:.2} %): {}", grouped(refused), list(whys)));
        }
        if !tally.links_refused.is_empty() {
            let links = tally.links_refused.iter();
            let links = links.map(|(LinkType(number), &count)| (number.to_string(), count));
            self.row("  link types", &list(links));
        }
        if tally.reassembled > 0 || tally.unassembled > 0 {
            let (whole, never) = (grouped(tally.reassembled), grouped(tally.unassembled));
            self.row("fragments", &format!("{whole} datagrams put together, {never} never whole"));
        }
        if let Some(kernel) = health.kernel {
            let lost = kernel.dropped.saturating_add(kernel.interface_dropped);
            let text = format!("{} ({:.4} %) in the kernel", grouped(lost), health.loss_pct());
            self.row("lost", &text);
        }
    }

    fn facts(&mut self, health: &Health) {
        let tally = &health.frames;
        let flows = grouped(tally.flows);
        let (one_way, evicted) = (grouped(tally.flows_one_way), grouped(tally.flows_evicted));
        self.row("flows", &format!("{flows} (one-way {one_way}, evicted {evicted})"));
        let mut text = grouped(health.observations);
        if health.observations_dropped > 0 {
            let _ = write!(text, " ({} dropped)", grouped(health.observations_dropped));
        }
        self.row("observations", &text);
        if health.tls_hellos > 0 {
            let nameless = share_pct(health.tls_nameless, health.tls_hellos);
            let ech = share_pct(health.tls_ech, health.tls_hellos);
            let hellos = grouped(health.tls_hellos);
            let text = format!("{hellos} (without a name {nameless:.1} %, with ECH {ech:.1} %)");
            self.row("TLS hellos", &text);
        }
        self.dns(&health.dns);
        let anomalies: u64 = tally.anomalies.values().sum();
        if anomalies > 0 {
            self.row("anomalies", &grouped(anomalies));
        }
        if health.panics > 0 {
            self.row("panics", &format!("{}; please report them", grouped(health.panics)));
        }
    }

    fn dns(&mut self, share: &DnsShare) {
        let ways = [
            ("in clear", share.clear),
            ("over TLS", share.over_tls),
            ("over HTTPS", share.over_https),
            ("over QUIC", share.over_quic),
        ];
        let flows: u64 = ways.iter().map(|(_, count)| count).sum();
        if flows == 0 {
            return;
        }
        let met = ways.into_iter().filter(|(_, count)| *count > 0);
        let met = list(met.map(|(way, count)| (way.to_owned(), count)));
        let (flows, pct) = (grouped(flows), share.encrypted_pct());
        self.row("DNS flows", &format!("{flows} ({met}; encrypted {pct:.1} %)"));
    }

    fn files(&mut self, files: &Files) {
        let (passed_over, damaged) = (&files.passed_over, &files.damaged);
        let (over, hurt) = (grouped(distinct(passed_over)), grouped(distinct(damaged)));
        let text = format!("{} read, {over} passed over, {hurt} damaged", grouped(files.read));
        self.row("files", &text);
        for (label, troubled) in [("  passed over", passed_over), ("  damaged", damaged)] {
            let shown =
                if troubled.len() > FILE_ROWS_MAX { FILE_ROWS_MAX - 1 } else { FILE_ROWS_MAX };
            for (path, why) in troubled.iter().take(shown) {
                self.row(label, &plain(&format!("{}: {why}", path.display())));
            }
            let rest = troubled.len().saturating_sub(shown);
            if rest > 0 {
                self.row(label, &format!("and {} more", grouped_len(rest)));
            }
        }
    }

    fn alerts(&mut self, health: &Health, severities: &BTreeMap<&'static str, u64>) {
        let total: u64 = health.alerts.values().sum();
        let mut text = grouped(total);
        let by_word = WORDS.into_iter().filter_map(|word| {
            let count = severities.get(word).copied().filter(|&count| count > 0)?;
            Some((word.to_owned(), count))
        });
        let severities = list(by_word);
        if !severities.is_empty() {
            let _ = write!(text, " ({severities})");
        }
        if health.updates > 0 {
            let _ = write!(text, ", {} updates", grouped(health.updates));
        }
        self.row("alerts", &text);
        let mut rules: Vec<_> = health.alerts.iter().collect();
        rules.sort_by_key(|&(rule, &count)| (std::cmp::Reverse(count), rule));
        let shown = if rules.len() > RULE_ROWS_MAX { RULE_ROWS_MAX - 1 } else { RULE_ROWS_MAX };
        for &(rule, &count) in rules.iter().take(shown) {
            let _ = writeln!(self.0, "{:>LABEL$}  {}", grouped(count), plain(rule));
        }
        let rest: u64 = rules.iter().skip(shown).map(|&(_, count)| count).sum();
        if rest > 0 {
            let more = grouped_len(rules.len().saturating_sub(shown));
            let _ = writeln!(self.0, "{:>LABEL$}  of {more} more rules", grouped(rest));
        }
        let authorised: u64 = health.authorised.values().sum();
        if authorised > 0 {
            self.row("authorised", &format!("{} uses, no alert", grouped(authorised)));
        }
    }
}

/// The share of `part` in `all`, 0 to 100; nothing of nothing is 0.
pub(crate) fn share_pct(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 }
}

/// `not ip 12, fragment 3`
fn list(counts: impl Iterator<Item = (String, u64)>) -> String {
    let words: Vec<_> = counts.map(|(word, count)| format!("{word} {}", grouped(count))).collect();
    words.join(", ")
}

/// `1234567` as `1,234,567`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn grouped_len(len: usize) -> String {
    grouped(u64::try_from(len).unwrap_or(u64::MAX))
}

/// `2026-11-21 20:15:42`, in UTC: for a person, who needs no fractions.
fn moment(at: Timestamp) -> String {
    let text = Stamp(at).to_string();
    text.get(..19).unwrap_or_default().replace('T', " ")
}

/// `2 d 03:04:05`, `03:04:05`, or `4.512 s` below a minute.
fn span(health: &Health) -> String {
    let span = health.at.since(health.since);
    let secs = span.as_secs();
    if secs < 60 {
        return format!("{:.3} s", span.as_secs_f64());
    }
    let (days, of_day) = (secs / 86_400, secs % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
    if days > 0 { format!("{days} d {clock}") } else { clock }
}

/// Text that cannot steer a terminal: control characters are escaped.
fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            kept.extend(character.escape_default());
        } else {
            kept.push(character);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{KernelCounts, Refused, Tally};

    /// A run in which everything went wrong that can.
    fn worst() -> (Health, Files, BTreeMap<&'static str, u64>) {
        let rules = (0..20u64).map(|n| (format!("rmm.relay.tool-{n:02}").into(), n / 4 + 1));
        let frames = Tally {
            frames: 1_234_567,
            bytes: 987_654_321,
            refused: Refused::ALL.iter().map(|&why| (why, 1_000)).collect(),
            links_refused: BTreeMap::from([(LinkType(105), 900), (LinkType(127), 100)]),
            flows: 12_345,
            flows_one_way: 100,
            flows_evicted: 1,
            anomalies: BTreeMap::from([("dns.truncated", 7)]),
            reassembled: 1_200,
            unassembled: 3,
            ..Tally::default()
        };
        let health = Health {
            dns: DnsShare { clear: 9_000, over_tls: 400, over_https: 590, over_quic: 10 },
            at: Timestamp::from_secs(1_795_292_142, 0),
            since: Timestamp::from_secs(1_795_100_000, 0),
            frames,
            kernel: Some(KernelCounts { received: 2_000_000, dropped: 20, interface_dropped: 0 }),
            interfaces: Vec::new(),
            observations: 54_321,
            observations_dropped: 9,
            alerts: rules.collect(),
            updates: 1_234,
            rules: Vec::new(),
            authorised: BTreeMap::from([("allow[0] x".into(), 17)]),
            tls_hellos: 3_000,
            tls_nameless: 30,
            tls_ech: 300,
            memory: BTreeMap::new(),
            feeds: Vec::new(),
            panics: 1,
            delivery: None,
        };
        let trouble = |what: &str| {
            (0..5).map(|n| (format!("{what}{n}\n\x1b[31m.pcap").into(), "cut".into())).collect()
        };
        let files = Files { read: 9, passed_over: trouble("p"), damaged: trouble("d") };
        (health, files, BTreeMap::from([("low", 1), ("critical", 2), ("high", 57)]))
    }

    #[test]
    fn the_worst_run_fits_on_a_screen() {
        let (health, files, severities) = worst();
        let want = "\
packets       1,234,567 (987,654,321 octets)
time          2026-11-19 14:53:20 to 2026-11-21 20:15:42 (2 d 05:22:22)
refused       8,000 (0.65 %): link type 1,000, not ip 1,000, other transport 1,000, \
encapsulated 1,000, fragment 1,000, truncated 1,000, malformed 1,000, duplicate 1,000
  link types  105 900, 127 100
fragments     1,200 datagrams put together, 3 never whole
lost          20 (0.0010 %) in the kernel
flows         12,345 (one-way 100, evicted 1)
observations  54,321 (9 dropped)
TLS hellos    3,000 (without a name 1.0 %, with ECH 10.0 %)
DNS flows     10,000 (in clear 9,000, over TLS 400, over HTTPS 590, over QUIC 10; \
encrypted 10.0 %)
anomalies     7
panics        1; please report them
files         9 read, 5 passed over, 5 damaged
  passed over p0\\n\\u{1b}[31m.pcap: cut
  passed over and 4 more
  damaged     d0\\n\\u{1b}[31m.pcap: cut
  damaged     and 4 more
alerts        60 (critical 2, high 57, low 1), 1,234 updates
             5  rmm.relay.tool-16
             5  rmm.relay.tool-17
             5  rmm.relay.tool-18
             5  rmm.relay.tool-19
             4  rmm.relay.tool-12
            36  of 15 more rules
authorised    17 uses, no alert
";
        let got = summary_text(&health, &files, &severities);
        assert_eq!(got, want);
        assert!(got.lines().count() <= 25);
    }

    #[test]
    fn a_quiet_run_says_what_matters() {
        let want = "packets       0 (0 octets)
flows         0 (one-way 0, evicted 0)
observations  0
alerts        0
";
        assert_eq!(summary_text(&Health::default(), &Files::default(), &BTreeMap::new()), want);
    }

    #[test]
    fn numbers_and_spans() {
        for (value, want) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(grouped(value), want);
        }
        for (secs, nanos, want) in [
            (0, 0, "0.000 s"),
            (59, 500_000_000, "59.500 s"),
            (60, 0, "00:01:00"),
            (86_400, 0, "1 d 00:00:00"),
        ] {
            let health = Health { at: Timestamp::from_secs(secs, nanos), ..Health::default() };
            assert_eq!(span(&health), want);
        }
    }
}
