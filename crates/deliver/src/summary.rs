//! How a run went, as a few lines for a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use model::{Health, LinkType, Severity, Timestamp};

use crate::limits::RULE_ROWS_MAX;
use crate::stamp::Stamp;

/// What a run knows beside its health.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// The captures that were read; `None` for a live run.
    pub files: Option<FilesRead>,
    /// Alerts first told, by severity.
    pub severities: BTreeMap<Severity, u64>,
}

/// What became of the captures that were given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FilesRead {
    /// How many were read, the damaged ones included.
    pub read: u64,
    /// Files that are no captures, and why.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Captures that could be read in part, and why not further.
    pub damaged: Vec<(PathBuf, String)>,
}

/// Every word of severity, the worst first.
const WORDS: [&str; 5] = ["critical", "high", "medium", "low", "informational"];
/// Files that the text names, of each kind.
const FILE_ROWS_MAX: usize = 3;
/// Columns of the first word of a row.
const LABEL: usize = 14;

impl Account {
    /// Alerts by the severity's word, the worst first; every word.
    pub(crate) fn by_word(
        severities: &BTreeMap<Severity, u64>,
    ) -> impl Iterator<Item = (&'static str, u64)> {
        WORDS.into_iter().map(|word| {
            let of_word = severities.iter().filter(|(severity, _)| severity.word() == word);
            (word, of_word.map(|(_, count)| count).sum())
        })
    }
}

/// How a run went, in at most 25 lines, each with its newline; for standard error.
#[must_use]
pub fn summary_text(health: &Health, account: &Account) -> String {
    let mut rows = Rows(String::with_capacity(1_024));
    rows.traffic(health);
    rows.facts(health);
    if let Some(files) = &account.files {
        rows.files(files);
    }
    rows.alerts(health, account);
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
            let text = format!("{hellos} (without a name {nameless:.1} %, encrypted {ech:.1} %)");
            self.row("TLS hellos", &text);
        }
        let anomalies: u64 = tally.anomalies.values().sum();
        if anomalies > 0 {
            self.row("anomalies", &grouped(anomalies));
        }
        if health.panics > 0 {
            self.row("panics", &format!("{}; please report them", grouped(health.panics)));
        }
    }

    fn files(&mut self, files: &FilesRead) {
        let (passed_over, damaged) = (&files.passed_over, &files.damaged);
        let (over, hurt) = (grouped_len(passed_over.len()), grouped_len(damaged.len()));
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

    fn alerts(&mut self, health: &Health, account: &Account) {
        let total: u64 = health.alerts.values().sum();
        let mut text = grouped(total);
        let severities = Account::by_word(&account.severities).filter(|&(_, count)| count > 0);
        let severities = severities.map(|(word, count)| (word.to_owned(), count));
        let severities = list(severities);
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
    let text = serde_json::to_string(&Stamp(at)).unwrap_or_default();
    text.get(1..20).unwrap_or_default().replace('T', " ")
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
