//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit::Exit;

/// Finds remote-access software and the lures that lead to it, in passing packets.
#[derive(Debug, Parser)]
#[command(name = "rmmwatch", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Read the command line; on a mistake, or for help, print and end the process.
    #[must_use]
    pub fn parse_or_exit() -> Cli {
        Cli::try_parse().unwrap_or_else(|error| {
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            std::process::exit(i32::from(code.code()))
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read captures (pcap, pcapng, .gz, .zst, folders, `-`) and tell what is in them
    Replay(ReplayArgs),
    /// Watch an interface until SIGINT or SIGTERM
    Run(RunArgs),
    /// Take the facts of many sensors out of NATS JetStream, and tell what they come to
    Analyse(AnalyseArgs),
    /// Check config, policy, catalogue, feeds, privileges and interface
    Check(CheckArgs),
    /// Say what the sensor would make of a name or an address, and every step of why
    Explain(ExplainArgs),
    /// Show the catalogue: tools, indicators, roles, provenance
    Tools(ToolsArgs),
    /// Ask the policy: which rule decides and why, what is wrong with it, what it could be
    Policy(PolicyArgs),
    /// Make an audit of records or captures: who uses what, since when, and by whose leave
    Report(ReportArgs),
    /// Write native records in another format, or find lines that are none
    Convert(ConvertArgs),
    /// Sign policy and feeds, and lay them where the sensors of a fleet fetch them
    Bundle(BundleArgs),
}

/// What the sensor knows and allows.
#[derive(Args, Debug, Clone, Default)]
pub struct KnowledgeArgs {
    /// Settings [default: /etc/rmmwatch/rmmwatch.toml, if it exists]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Tools: a folder of TOML files, which override the built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// A list of reported names or addresses (plain, CSV or TOML); repeatable
    #[arg(long = "feed", value_name = "FILE")]
    pub feeds: Vec<PathBuf>,
    /// Zones and authorised uses; without it every remote access is unauthorised
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// Where records go.
#[derive(Args, Debug, Clone, Default)]
pub struct OutputArgs {
    /// Alerts; `-` is standard output [default: -]
    #[arg(long, value_name = "PATH")]
    pub alerts: Option<PathBuf>,
    /// Observations; `-` is standard output [default: off]
    #[arg(long, value_name = "PATH")]
    pub observations: Option<PathBuf>,
    /// Health and summary records; `-` is standard output [default: off]
    #[arg(long, value_name = "PATH")]
    pub health: Option<PathBuf>,
    /// Shape of the records
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The summary on standard error [default: text, or none with --quiet]
    #[arg(long, value_enum)]
    pub summary: Option<Summary>,
    /// No progress, notes and summary on standard error; problems are told
    #[arg(long, short)]
    pub quiet: bool,
    /// End with 2 when there were alerts
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
}

impl OutputArgs {
    /// The summary that is wanted.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let silent = if self.quiet { Summary::None } else { Summary::default() };
        self.summary.unwrap_or(silent)
    }
}

/// Shape of the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// Elastic Common Schema: the records as they are
    #[default]
    Ecs,
    /// Suricata's EVE
    Eve,
    /// Open Cybersecurity Schema Framework 1.8
    Ocsf,
    /// ArcSight's Common Event Format
    Cef,
    /// QRadar's Log Event Extended Format 2.0
    Leef,
    /// RFC 5424 with structured data
    Syslog,
    /// Zeek's notice.log in JSON
    Notice,
    /// A STIX 2.1 bundle with sightings
    Stix,
    /// A MISP event
    Misp,
    /// Splunk's HTTP event collector
    Hec,
    /// Loki's push interface
    Loki,
    /// Prometheus Alertmanager
    Alertmanager,
}

impl From<Format> for records::Format {
    fn from(format: Format) -> records::Format {
        match format {
            Format::Ecs => records::Format::Ecs,
            Format::Eve => records::Format::Eve,
            Format::Ocsf => records::Format::Ocsf,
            Format::Cef => records::Format::Cef,
            Format::Leef => records::Format::Leef,
            Format::Syslog => records::Format::Syslog,
            Format::Notice => records::Format::Notice,
            Format::Stix => records::Format::Stix,
            Format::Misp => records::Format::Misp,
            Format::Hec => records::Format::Hec,
            Format::Loki => records::Format::Loki,
            Format::Alertmanager => records::Format::Alertmanager,
        }
    }
}

impl Cli {
    /// Whether nothing but problems is to be told on standard error.
    #[must_use]
    pub fn quiet(&self) -> bool {
        match &self.command {
            Command::Replay(ReplayArgs { output, .. }) | Command::Run(RunArgs { output, .. }) => {
                output.quiet
            }
            Command::Analyse(args) => args.output.quiet,
            Command::Report(args) => args.quiet,
            Command::Convert(args) => args.quiet,
            Command::Check(_)
            | Command::Explain(_)
            | Command::Tools(_)
            | Command::Policy(_)
            | Command::Bundle(_) => false,
        }
    }
}

/// The summary on standard error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Summary {
    /// A table for people
    #[default]
    Text,
    /// One JSON record
    Json,
    /// Nothing
    None,
}

/// What ends the program with 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// Any alert
    Alert,
}

/// `replay`
#[derive(Args, Debug, Clone)]
pub struct ReplayArgs {
    /// Captures, folders (walked recursively), or `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub inputs: Vec<PathBuf>,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// Where records go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Threads that dissect; the output is the same for any number. More than one takes
    /// less time where cores are idle, and some more CPU [default: 1]
    #[arg(long, value_name = "N", value_parser = lanes)]
    pub lanes: Option<usize>,
    /// Only packets that this BPF expression passes
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Memory that goes on from one replay to the next: read first if it exists, written at the end
    /// [default: none]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Serve the sinks of the settings too, through the spool
    #[arg(long)]
    pub sinks: bool,
}

/// `run`
#[derive(Args, Debug, Clone)]
pub struct RunArgs {
    /// The interface to watch; repeatable
    #[arg(short, long = "interface", required = true, value_name = "IFACE")]
    pub interfaces: Vec<String>,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// Where records go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Threads that capture and dissect each interface, flow by flow [default: 1]
    #[arg(long, value_name = "N", value_parser = lanes)]
    pub lanes: Option<usize>,
    /// Only packets that this BPF expression passes; the kernel drops the rest
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// The kernel's ring of each lane, in MiB [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2047))]
    pub ring_mib: Option<u32>,
    /// Memory that outlives a restart: read first if it exists, written at least every minute
    /// [default: /var/lib/rmmwatch/state, if that folder exists]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// `analyse`
#[derive(Args, Debug, Clone)]
pub struct AnalyseArgs {
    /// A NATS server, e.g. nats://host:4222 or tls://host:4222; repeatable [default: fleet.from]
    #[arg(long, value_name = "URL")]
    pub from: Vec<String>,
    /// Only facts of this site; repeatable [default: all]. Analysts of one group name the same ones
    #[arg(long = "site", value_name = "SITE")]
    pub sites: Vec<String>,
    /// Make the stream and the buckets where they are missing
    #[arg(long)]
    pub create: bool,
    /// End when all that is in the stream is read, and tell the ends as after a capture
    #[arg(long)]
    pub drain: bool,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// Where records go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `check`
#[derive(Args, Debug, Clone)]
pub struct CheckArgs {
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// Whether this interface could be watched
    #[arg(short, long, value_name = "IFACE")]
    pub interface: Option<String>,
}

/// `explain`
#[derive(Args, Debug, Clone)]
pub struct ExplainArgs {
    /// Names, addresses, addresses with a port, or `-` for one a line on standard input
    #[arg(required = true, value_name = "NAME|ADDR[:PORT]|-")]
    pub names: Vec<String>,
    /// One JSON object per input
    #[arg(long)]
    pub json: bool,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// `tools`
#[derive(Args, Debug, Clone)]
pub struct ToolsArgs {
    /// One tool, with every row
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// `policy`
#[derive(Args, Debug, Clone)]
pub struct PolicyArgs {
    /// What to ask.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to ask of the policy.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Which rule decides on a host's use of a name or a tool, and why each other does not
    Explain(PolicyExplainArgs),
    /// Find rules that never decide, have ended, let too much through or contradict each other
    Lint(PolicyLintArgs),
    /// Learn a starting policy from records of a period
    Suggest(PolicySuggestArgs),
}

/// `policy explain`
#[derive(Args, Debug, Clone)]
pub struct PolicyExplainArgs {
    /// The host inside
    #[arg(long, value_name = "ADDR")]
    pub src: std::net::IpAddr,
    /// What it uses: a name, an address, an address with a port, or a tool's id
    #[arg(long, value_name = "NAME|ADDR[:PORT]|TOOL")]
    pub name: String,
    /// When, e.g. 2026-11-20T22:15:00+01:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<model::Timestamp>,
    /// The VLAN that the host is on
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u16).range(1..=4094))]
    pub vlan: Option<u16>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// `policy lint`
#[derive(Args, Debug, Clone)]
pub struct PolicyLintArgs {
    /// Records that tell how often rules decided: health, summary, inventory; `-` is standard input
    #[arg(value_name = "RECORDS")]
    pub records: Vec<PathBuf>,
    /// The moment by which rules have ended [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<model::Timestamp>,
    /// End with 1 on warnings, too
    #[arg(long)]
    pub strict: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// `policy suggest`
#[derive(Args, Debug, Clone)]
pub struct PolicySuggestArgs {
    /// Observation, inventory and alert records, as JSON lines; `-` is standard input
    #[arg(required = true, value_name = "RECORDS")]
    pub records: Vec<PathBuf>,
    /// The time zone in which hours are written
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub tz: String,
    /// Hosts that a tool and operator must have in common to become a rule
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub hosts: usize,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// `report`
#[derive(Args, Debug, Clone)]
pub struct ReportArgs {
    /// Native records (alerts, inventory, health, observations), or captures, folders of captures;
    /// `-` is standard input
    #[arg(required = true, value_name = "RECORDS|CAPTURE|-")]
    pub inputs: Vec<PathBuf>,
    /// How it is printed [default: by the ending of --output, else text]
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Leave out what was over before: a moment, or a day from its beginning in UTC
    #[arg(long, value_name = "TIME", value_parser = moment_or_day)]
    pub since: Option<model::Timestamp>,
    /// Leave out what began then or later
    #[arg(long, value_name = "TIME", value_parser = moment_or_day)]
    pub until: Option<model::Timestamp>,
    /// Records of an earlier period: uses that they do not hold are new; repeatable
    #[arg(long, value_name = "RECORDS")]
    pub previous: Vec<PathBuf>,
    /// What the sensor knows and allows.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// Threads that dissect captures; the report is the same for any number
    #[arg(long, value_name = "N", value_parser = lanes)]
    pub lanes: Option<usize>,
    /// Only packets of captures that this BPF expression passes
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// No progress and notes on standard error; problems are told
    #[arg(long, short)]
    pub quiet: bool,
}

/// How a report is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ReportFormat {
    /// Tables for a terminal
    Text,
    /// Tables as GitHub shows them
    Markdown,
    /// One row a use (RFC 4180)
    Csv,
    /// One object
    Json,
    /// One page with pictures, to read, to print and to mail
    Html,
}

/// `bundle`
#[derive(Args, Debug, Clone)]
pub struct BundleArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: BundleCommand,
}

/// What to do with bundles.
#[derive(Debug, Clone, Subcommand)]
pub enum BundleCommand {
    /// Make a key to sign with; prints the public one for `bundle.keys`
    Keygen(BundleKeygenArgs),
    /// Sign files and lay them into the bucket
    Push(BundlePushArgs),
    /// Tell what lies in the bucket, and whether it is signed by `bundle.keys`
    Show(BundleShowArgs),
}

/// `bundle keygen`
#[derive(Args, Debug, Clone)]
pub struct BundleKeygenArgs {
    /// Where the private key goes; must not exist
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
}

/// `bundle push`
#[derive(Args, Debug, Clone)]
pub struct BundlePushArgs {
    /// Settings, whose table `bundle` says how to reach the bucket
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A server, nats://host:4222 or tls://host:4222; repeatable [default: bundle.from]
    #[arg(long = "to", value_name = "PLACE")]
    pub to: Vec<String>,
    /// The bucket [default: bundle.bucket]
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// For whom it is [default: bundle.name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The private key to sign with
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Its version, larger than the one before [default: seconds since 1970]
    #[arg(long, value_name = "N")]
    pub serial: Option<u64>,
    /// Zones and authorised uses
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Tools: a folder of TOML files
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// Brands: a folder of TOML files
    #[arg(long, value_name = "DIR")]
    pub brands: Option<PathBuf>,
    /// A list of reported names or addresses; repeatable
    #[arg(long = "feed", value_name = "FILE")]
    pub feeds: Vec<PathBuf>,
    /// Make the bucket when it is missing
    #[arg(long)]
    pub create: bool,
}

/// `bundle show`
#[derive(Args, Debug, Clone)]
pub struct BundleShowArgs {
    /// Settings, whose table `bundle` says how to reach the bucket and who may sign
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A server; repeatable [default: bundle.from]
    #[arg(long, value_name = "PLACE")]
    pub from: Vec<String>,
    /// The bucket [default: bundle.bucket]
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
}

/// `convert`
#[derive(Args, Debug, Clone)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(false))]
pub struct ConvertArgs {
    /// Native records, as JSON lines; `-` is standard input
    #[arg(value_name = "RECORDS|-", default_value = "-")]
    pub inputs: Vec<PathBuf>,
    /// The format to write
    #[arg(long, value_enum, value_name = "FORMAT", group = "what")]
    pub to: Option<Format>,
    /// A template to write by, one line a record; docs/formats.md says how
    #[arg(long, value_name = "FILE", group = "what")]
    pub template: Option<PathBuf>,
    /// Write nothing but which lines are no records, and why
    #[arg(long, group = "what")]
    pub lint: bool,
    /// The format inside an envelope (hec, loki, syslog) [default: ecs, in syslog a sentence]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "to")]
    pub inner: Option<Format>,
    /// Splunk's index, for hec [default: the collector's]
    #[arg(long, value_name = "NAME", requires = "to")]
    pub index: Option<String>,
    /// No notes on standard error; problems are told
    #[arg(long, short)]
    pub quiet: bool,
}

fn moment_or_day(text: &str) -> Result<model::Timestamp, String> {
    let day = || detect::read_moment(&format!("{text}T00:00:00Z"));
    detect::read_moment(text).or_else(day).ok_or_else(|| {
        "a day, e.g. 2026-11-20, or a moment with its offset, e.g. 2026-11-20T22:15:00+01:00"
            .to_owned()
    })
}

fn moment(text: &str) -> Result<model::Timestamp, String> {
    detect::read_moment(text)
        .ok_or_else(|| "a moment with its offset, e.g. 2026-11-20T22:15:00+01:00".to_owned())
}

fn lanes(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(lanes @ 1..=crate::limits::LANES_MAX) => Ok(lanes),
        _ => Err(format!("a number from 1 to {}", crate::limits::LANES_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_format_of_the_records_can_be_asked_for_by_its_word() {
        for format in Format::value_variants() {
            let word = format.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(word.as_deref(), Some(records::Format::from(*format).word()));
        }
        assert_eq!(Format::value_variants().len(), records::Format::ALL.len());
    }

    #[test]
    fn lanes_are_bounded() {
        let table = [("1", true), ("16", true), ("0", false), ("17", false), ("x", false)];
        for (text, fits) in table {
            assert_eq!(lanes(text).is_ok(), fits, "{text}");
        }
    }
}
