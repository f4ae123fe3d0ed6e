//! The settings file: what may stand in it, and what is said of a mistake.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Complaint;
use serde::Deserialize;

use crate::bundle::BundleTable;
use crate::feeds::FeedTable;
use crate::fleet::FleetTable;
use crate::limits::CONFIG_FILE_BYTES_MAX;
use crate::sinks::{Sensor, SinkTable, Spool};

/// Where settings are read from when no file is named, if it exists.
pub(crate) const DEFAULT_PATH: &str = "/etc/rmmwatch/rmmwatch.toml";

/// The settings, each at its default where the file is silent. `config/rmmwatch.toml` documents
/// them, with unit and reason.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) capture: Capture,
    pub(crate) flows: Flows,
    pub(crate) knowledge: Knowledge,
    pub(crate) output: Output,
    pub(crate) chain: Chain,
    pub(crate) state: State,
    pub(crate) sensor: Sensor,
    pub(crate) fleet: FleetTable,
    pub(crate) spool: Spool,
    pub(crate) bundle: BundleTable,
    /// Where records go, through the spool.
    pub(crate) sink: Vec<SinkTable>,
    /// Lists, each with what its owner says of it.
    pub(crate) feed: Vec<FeedTable>,
    /// Brands may stand in the settings file; `intel` reads them from the same text.
    brand: Option<toml::Value>,
    /// Policy may stand in the settings file; `detect` reads it from the same text.
    zone: Option<toml::Value>,
    allow: Option<toml::Value>,
    suppress: Option<toml::Value>,
    inbound: Option<toml::Value>,
}

/// `[capture]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Capture {
    pub(crate) lanes: usize,
    pub(crate) pin: Vec<usize>,
    pub(crate) ring_mib: u32,
    pub(crate) block_kib: u32,
    pub(crate) block_wait_ms: u32,
    pub(crate) snap_len: u32,
    pub(crate) promiscuous: bool,
    pub(crate) filter: Option<String>,
    pub(crate) relief: Relief,
}

/// What drops packets of which nothing is wanted before they are copied.
#[derive(Clone, Copy, Default, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Relief {
    /// Nothing.
    #[default]
    Off,
    /// A program in the kernel.
    Ebpf,
}

impl Default for Capture {
    fn default() -> Self {
        Capture {
            lanes: 1,
            pin: Vec::new(),
            ring_mib: 64,
            block_kib: 512,
            block_wait_ms: 100,
            snap_len: 262_144,
            promiscuous: true,
            filter: None,
            relief: Relief::Off,
        }
    }
}

/// `[flows]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Flows {
    pub(crate) flows_max: usize,
    pub(crate) openings_mib: usize,
}

impl Default for Flows {
    fn default() -> Self {
        let limits = dissect::Limits::default();
        Flows { flows_max: limits.flows_max, openings_mib: limits.openings_bytes_max >> 20 }
    }
}

/// `[knowledge]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Knowledge {
    pub(crate) catalogue: Option<PathBuf>,
    pub(crate) brands: Option<PathBuf>,
    pub(crate) feeds: Vec<PathBuf>,
    pub(crate) policy: Option<PathBuf>,
}

/// `[chain]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Chain {
    pub(crate) window_minutes: u32,
    pub(crate) lure_hours: u32,
    pub(crate) over_hours: u32,
}

impl Default for Chain {
    fn default() -> Self {
        let limits = detect::Limits::default();
        let minutes = |time: Duration| u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX);
        Chain {
            window_minutes: minutes(limits.chain_window),
            lure_hours: minutes(limits.chain_lure) / 60,
            over_hours: minutes(limits.chain_over) / 60,
        }
    }
}

impl Config {
    /// The detector's bounds as the settings have them.
    pub(crate) fn detect_limits(&self) -> detect::Limits {
        let minutes = |count: u32| Duration::from_secs(u64::from(count) * 60);
        detect::Limits {
            chain_window: minutes(self.chain.window_minutes),
            chain_lure: minutes(self.chain.lure_hours * 60),
            chain_over: minutes(self.chain.over_hours * 60),
            ..detect::Limits::default()
        }
    }
}

/// `[state]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct State {
    pub(crate) path: Option<PathBuf>,
    pub(crate) every_secs: u32,
}

impl Default for State {
    fn default() -> Self {
        State { path: None, every_secs: 60 }
    }
}

/// `[output]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    pub(crate) alerts: Option<PathBuf>,
    pub(crate) observations: Option<PathBuf>,
    pub(crate) health: Option<PathBuf>,
}

impl Output {
    /// The paths that are set, with what goes there.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [
            ("alerts", &self.alerts),
            ("observations", &self.observations),
            ("health", &self.health),
        ];
        all.into_iter().filter_map(|(stream, path)| Some((stream, path.as_deref()?)))
    }
}

impl Config {
    /// Whether brands stand in the settings file.
    pub(crate) const fn has_brands(&self) -> bool {
        self.brand.is_some()
    }
}

/// A settings file as it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// Its path and text, for the policy that may stand in it.
    pub(crate) text: Option<(String, String)>,
}

/// Why a file that a person wrote could not be had.
#[derive(Debug)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    Unreadable(anyhow::Error),
    /// The file is wrong, at these places.
    Wrong(Vec<Complaint>),
}

impl Settings {
    /// Read the file named, or the default one if it exists, or take the defaults.
    pub(crate) fn load(named: Option<&Path>) -> Result<Settings, ConfigError> {
        let path = match named {
            Some(path) => path,
            None if Path::new(DEFAULT_PATH).exists() => Path::new(DEFAULT_PATH),
            None => return Ok(Settings::default()),
        };
        let text = read_text(path)?;
        let name = path.display().to_string();
        let mut config = parse(&name, &text).map_err(|one| ConfigError::Wrong(vec![one]))?;
        if let Some(folder) = path.parent() {
            config.knowledge.relative_to(folder);
            config.state.path = config.state.path.map(|path| folder.join(path));
            config.bundle.relative_to(folder);
            config.spool.path = config.spool.path.map(|path| folder.join(path));
            for sink in &mut config.sink {
                sink.relative_to(folder);
            }
            for feed in &mut config.feed {
                feed.file = folder.join(&feed.file);
            }
        }
        Ok(Settings { config, text: Some((name, text)) })
    }
}

impl Knowledge {
    /// Relative paths in a settings file are relative to that file.
    fn relative_to(&mut self, folder: &Path) {
        let folders = self.catalogue.iter_mut().chain(&mut self.brands);
        for path in folders.chain(&mut self.feeds).chain(&mut self.policy) {
            *path = folder.join(&*path);
        }
    }
}

/// Read a file that a person wrote, of bounded size.
///
/// # Errors
/// [`ConfigError::Unreadable`], or [`ConfigError::Wrong`] where it is no UTF-8 text.
pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    String::from_utf8(read_octets(path).map_err(ConfigError::Unreadable)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let name = path.display().to_string();
        let text = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default());
        let why = "this is no UTF-8 text".to_owned();
        let fix = "save the file as UTF-8".to_owned();
        ConfigError::Wrong(vec![Complaint::at(&name, &text, at, why, fix)])
    })
}

fn read_octets(path: &Path) -> anyhow::Result<Vec<u8>> {
    use anyhow::Context as _;
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut octets = Vec::new();
    file.take(CONFIG_FILE_BYTES_MAX + 1)
        .read_to_end(&mut octets)
        .with_context(|| format!("{shown} cannot be read"))?;
    anyhow::ensure!(
        octets.len() as u64 <= CONFIG_FILE_BYTES_MAX,
        "{shown} is larger than {} MiB; split it",
        CONFIG_FILE_BYTES_MAX >> 20
    );
    Ok(octets)
}

fn parse(name: &str, text: &str) -> Result<Config, Complaint> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let (why, fix) = explain(error.message());
        Complaint::at(name, text, offset, why, fix)
    })?;
    let ring = config.capture.ring_mib;
    let wrong = |key: &str, why: String, fix: &str| {
        let offset = text.find(key).unwrap_or(0);
        Err(Complaint::at(name, text, offset, why, fix.to_owned()))
    };
    let lanes = config.capture.lanes;
    if !(1..=crate::limits::LANES_MAX).contains(&lanes) {
        let most = crate::limits::LANES_MAX;
        return wrong("lanes", format!("lanes is {lanes}"), &format!("write 1 to {most}"));
    }
    let block = config.capture.block_kib;
    if !(256..=16_384).contains(&block) || !block.is_power_of_two() {
        let fix = "write a power of two from 256 to 16384";
        return wrong("block_kib", format!("block_kib is {block}"), fix);
    }
    let waits = config.capture.block_wait_ms;
    if !(1..=1000).contains(&waits) {
        return wrong("block_wait_ms", format!("block_wait_ms is {waits}"), "write 1 to 1000");
    }
    if !(1..=2047).contains(&ring) {
        return wrong("ring_mib", format!("ring_mib is {ring}"), "write 1 to 2047");
    }
    if !(64..=256 << 10).contains(&config.capture.snap_len) {
        let why = format!("snap_len is {}", config.capture.snap_len);
        return wrong("snap_len", why, "write 64 to 262144 octets");
    }
    if !(1 << 10..=1 << 24).contains(&config.flows.flows_max) {
        let why = format!("flows_max is {}", config.flows.flows_max);
        return wrong("flows_max", why, "write 1024 to 16777216 flows");
    }
    if !(1..=65_536).contains(&config.flows.openings_mib) {
        let why = format!("openings_mib is {}", config.flows.openings_mib);
        return wrong("openings_mib", why, "write 1 to 65536 MiB");
    }
    for (key, value, most) in [
        ("window_minutes", config.chain.window_minutes, 7 * 24 * 60),
        ("lure_hours", config.chain.lure_hours, 31 * 24),
        ("over_hours", config.chain.over_hours, 31 * 24),
        ("every_secs", config.state.every_secs, 3600),
    ] {
        if !(1..=most).contains(&value) {
            return wrong(key, format!("{key} is {value}"), &format!("write 1 to {most}"));
        }
    }
    if let Some((key, fix)) = config.fleet.mistake() {
        return wrong(key, format!("{key} cannot be that"), &fix);
    }
    let spool = &config.spool;
    for (key, value, least, most) in [
        ("mib_max", spool.mib_max, 64, 1 << 20),
        ("hours_max", spool.hours_max.into(), 0, 10_000),
        ("sync_secs", spool.sync_secs.into(), 0, 60),
        ("drain_secs", spool.drain_secs.into(), 0, 600),
    ] {
        if !(least..=most).contains(&value) {
            return wrong(key, format!("{key} is {value}"), &format!("write {least} to {most}"));
        }
    }
    Ok(config)
}

/// The TOML reader's message, and for an unknown key the nearest known one.
fn explain(message: &str) -> (String, String) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((unknown, known))
            if message.starts_with("unknown field") || message.starts_with("unknown variant") =>
        {
            let what = if message.starts_with("unknown field") { "key" } else { "word" };
            let nearest = known.iter().min_by_key(|known| edits(unknown, known));
            let fix = nearest.map_or(String::new(), |known| format!("did you mean `{known}`?"));
            (format!("unknown {what} `{unknown}`"), fix)
        }
        _ => (in_words(message.trim()), String::new()),
    }
}

/// What kind of value is meant, for people who do not read Rust.
fn in_words(message: &str) -> String {
    const KINDS: [(&str, &str); 8] = [
        ("path string", "a path in quotes"),
        ("a string", "a text in quotes"),
        ("a boolean", "true or false"),
        ("f64", "a number"),
        ("u16", "a whole number"),
        ("u32", "a whole number"),
        ("usize", "a whole number"),
        ("struct Columns", "a table, e.g. { value = 2 }"),
    ];
    let Some((what, kind)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let plain = KINDS.iter().find(|(word, _)| *word == kind).map_or(kind, |(_, plain)| plain);
    format!("{what}, expected {plain}")
}

/// How many single-character edits part two words (Levenshtein).
fn edits(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, &above) in two.iter().zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(a != *b));
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use intel::{Column, FeedOptions};

    use super::*;

    #[test]
    fn a_mistake_is_named_with_its_place_and_its_fix() {
        let table = [
            ("[capture]\nring_mb = 3\n", "f:2:1: unknown key `ring_mb`; did you mean `ring_mib`?"),
            ("[captur]\n", "f:1:2: unknown key `captur`; did you mean `capture`?"),
            ("[capture]\nring_mib = 0\n", "f:2:1: ring_mib is 0; write 1 to 2047"),
            ("[chain]\nlure_hours = 0\n", "f:2:1: lure_hours is 0; write 1 to 744"),
            ("[flows]\nflows_max = 1\n", "f:2:1: flows_max is 1; write 1024 to 16777216 flows"),
            ("[state]\nevery_secs = 0\n", "f:2:1: every_secs is 0; write 1 to 3600"),
            ("[[feed]]\nfile = 3\n", "f:2:8: invalid type: integer `3`, expected a path in quotes"),
            (
                "[[feed]]\nfile = 'a'\ncolumns = 2\n",
                "f:3:11: invalid type: integer `2`, expected a table, e.g. { value = 2 }",
            ),
            (
                "[[feed]]\nfile = 'a'\nid = ' '\n",
                "f:3:6: the id is empty; leave it out, or name the feed",
            ),
            ("[[feed]]\nid = 'x'\n", "f:1:1: missing field `file`"),
            (
                "[[feed]]\nfile = 'a'\nlicense = 'x'\n",
                "f:3:1: unknown key `license`; did you mean `licence`?",
            ),
            (
                "[[feed]]\nfile = 'a'\nkind = 'atacker'\n",
                "f:3:8: unknown word `atacker`; did you mean `attacker`?",
            ),
            (
                "[[feed]]\nfile = 'a'\nformat = 'planes'\n",
                "f:3:10: unknown word `planes`; did you mean `plain`?",
            ),
            (
                "[[feed]]\nfile = 'a'\nstage = 'last'\n",
                "f:3:9: unknown word `last`; did you mean `first`?",
            ),
            (
                "[[feed]]\nfile = 'a'\n\n[[feed]]\nfile = 'b'\nconfidence = 80\n",
                "f:6:14: the share 80; write 0 to 1, e.g. 0.8",
            ),
            ("[[feed]]\nfile = 'a'\nexpires_days = 0\n", "f:3:16: 0 days; write 1 to 3650"),
            (
                "[[feed]]\nfile = 'a'\ncolumns = { valeu = 2 }\n",
                "f:3:13: unknown key `valeu`; did you mean `value`?",
            ),
            ("[[feed]]\nfile = 'a'\ncolumns = { value = 0 }\n", "f:3:21: column 0; write 1 to 256"),
        ];
        for (text, want) in table {
            let said = parse("f", text).expect_err(text).to_string();
            assert_eq!(said, want);
        }
        assert!(parse("f", "x = [").is_err());
    }

    #[test]
    fn a_feed_may_say_everything_of_itself() {
        let text = "[[feed]]\nfile = 'f.csv'\nformat = 'plain'\nid = 'i'\nname = 'n'\n\
            source = 's'\nlicence = 'l'\nconfidence = 0.7\nkind = 'sweep'\nexpires_days = 30\n\
            stage = 'relay'\ncolumns = { value = 2, description = 'comment' }\n";
        let config = parse("f", text).expect("it is right");
        let options = config.feed.first().expect("a feed").options();
        let columns =
            [(Column::Value, "2".to_owned()), (Column::Description, "comment".to_owned())];
        let want = FeedOptions {
            format: Some("plain".to_owned()),
            id: Some("i".to_owned()),
            name: Some("n".to_owned()),
            source: Some("s".to_owned()),
            licence: Some("l".to_owned()),
            kind: Some(model::ListKind::Sweep),
            confidence_pct: Some(70),
            expires_days: Some(30),
            stage: Some(model::Stage::Relay),
            columns: columns.into(),
        };
        assert_eq!(options, want);
    }

    #[test]
    fn the_documented_file_holds_every_default() {
        let text = include_str!("../../config/rmmwatch.toml");
        let mut config = parse("config/rmmwatch.toml", text).expect("the file is right");
        config.capture.filter = None;
        assert_eq!(config, Config::default());
    }

    #[test]
    fn edits_are_counted() {
        let table = [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("ab", "b", 1)];
        for (one, two, want) in table {
            assert_eq!(edits(one, two), want, "{one} {two}");
        }
    }
}
