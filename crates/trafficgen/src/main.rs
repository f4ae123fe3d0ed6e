//! From the command line: scenarios to captures, and captures for measuring.

mod mangling;

use std::fs::File;
use std::io::{BufWriter, Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use trafficgen::load::{self, Plan, Playbook, Scale, Tool, Truth};
use trafficgen::{Scenario, pcap};

/// Builds captures, frame by frame, the same octets each time.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play scenarios and write their captures.
    Build {
        /// Scenario files (TOML).
        #[arg(required = true)]
        scenarios: Vec<PathBuf>,
        /// The capture, or a folder that gets NAME.pcap for each scenario.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// An office's mix of about this many octets.
    Mix {
        /// Size of the capture in octets; 1e9 is a gigabyte.
        #[arg(long)]
        bytes: f64,
        /// Sessions carry this many times the octets: 1 is all short sessions, 9 is bulk.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
        volume: u64,
        #[command(flatten)]
        to: To,
    },
    /// Frames of 64 octets, each the first of a new flow.
    Small {
        /// How many.
        #[arg(long)]
        packets: u64,
        #[command(flatten)]
        to: To,
    },
    /// One kind of packet and nothing else.
    Only {
        /// Which.
        kind: Kind,
        /// How many, about.
        #[arg(long)]
        packets: u64,
        #[command(flatten)]
        to: To,
    },
    /// A flood of SYNs, each of a new flow, and an office's flows in between.
    Flood {
        /// Flows of the flood.
        #[arg(long)]
        flows: u64,
        #[command(flatten)]
        to: To,
    },
    /// Connections that all stay open, and then acknowledgements of any of them.
    Held {
        /// Connections, three frames each.
        #[arg(long)]
        flows: u64,
        /// Acknowledgements.
        #[arg(long)]
        packets: u64,
        #[command(flatten)]
        to: To,
    },
    /// A working day of an organisation, with campaigns hidden in it.
    Day(Day),
    /// What a network does to a capture's packets: reorder, double, cut, tag, lose.
    Mangle(mangling::Mangling),
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 64 octets, of sessions that shook hands before.
    Established,
    /// Questions and answers.
    Dns,
    /// ClientHellos of TLS.
    Hellos,
    /// Initials of QUIC.
    Initials,
}

#[derive(Args)]
struct Day {
    /// Hosts of the organisation.
    #[arg(long, default_value_t = 2_000)]
    hosts: u64,
    /// Tools in legitimate use.
    #[arg(long, default_value_t = 40)]
    tools: usize,
    /// Campaigns, hidden in the last day.
    #[arg(long, default_value_t = 3)]
    campaigns: u64,
    /// Days, up to three: those before the last teach what is usual.
    #[arg(long, default_value_t = 1)]
    days: u64,
    /// Another number, another day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The catalogue's folder, which tells how tools look.
    #[arg(long, default_value = "config/catalogue")]
    tools_from: PathBuf,
    /// Who plays what.
    #[arg(long, default_value = "packaging/bench/day.toml")]
    playbook: PathBuf,
    /// The capture to write.
    #[arg(short, long)]
    output: PathBuf,
    /// Write the organisation's policy to this file.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Write what is hidden, where and when, to this file, as JSON.
    #[arg(long)]
    truth: Option<PathBuf>,
}

#[derive(Args)]
struct To {
    /// The capture to write; /dev/stdout is a pipe.
    #[arg(short, long)]
    output: PathBuf,
    /// Write every name that is said, with its transport and count, to this file.
    #[arg(long)]
    names: Option<PathBuf>,
    /// Another number, another capture.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Machines that speak.
    #[arg(long, default_value_t = Scale::default().hosts)]
    hosts: u64,
    /// Names that they use.
    #[arg(long = "distinct", default_value_t = Scale::default().names)]
    distinct: u64,
    /// How many times as long it is from one flow to the next.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pace: u64,
}

impl To {
    fn scale(&self) -> Scale {
        Scale { hosts: self.hosts, names: self.distinct, pace: self.pace, seed: self.seed }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone there is no one to tell.
            let _ = writeln!(stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Build { scenarios, output } => build(&scenarios, &output),
        Command::Mix { bytes, volume, to } => {
            told(load::mix(bytes as u64, volume, &to.scale(), wide(&to.output)?), &to)
        }
        Command::Small { packets, to } => {
            told(load::small(packets, &to.scale(), wide(&to.output)?), &to)
        }
        Command::Only { kind, packets, to } => {
            let kind = match kind {
                Kind::Established => load::Only::Established,
                Kind::Dns => load::Only::Dns,
                Kind::Hellos => load::Only::Hellos,
                Kind::Initials => load::Only::Initials,
            };
            told(load::only(kind, packets, &to.scale(), wide(&to.output)?), &to)
        }
        Command::Flood { flows, to } => {
            told(load::flood(flows, &to.scale(), wide(&to.output)?), &to)
        }
        Command::Held { flows, packets, to } => {
            told(load::held(flows, packets, &to.scale(), wide(&to.output)?), &to)
        }
        Command::Mangle(mangling) => mangling.run(),
        Command::Day(day) => make_day(&day),
    }
}

fn make_day(day: &Day) -> anyhow::Result<()> {
    let catalogue = catalogue(&day.tools_from)?;
    let book = read(&day.playbook)?;
    let book = Playbook::parse(&book).with_context(|| day.playbook.display().to_string())?;
    let Day { hosts, tools, campaigns, days, seed, .. } = *day;
    let plan = Plan { hosts, tools, campaigns, days, seed };
    let file = wide(&day.output)?;
    let account = load::day(&plan, &book, &catalogue, file)?;
    if let Some(path) = &day.policy {
        std::fs::write(path, &account.policy)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if let Some(path) = &day.truth {
        serde_json::to_writer_pretty(BufWriter::new(create(path)?), &account)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let _ = writeln!(
        stderr(),
        "{}: {} frames, {} octets, {} conversations",
        day.output.display(),
        account.frames,
        account.captured_bytes,
        account.conversations
    );
    Ok(())
}

/// Every tool of a catalogue, sorted by file.
fn catalogue(folder: &Path) -> anyhow::Result<Vec<Tool>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("the catalogue {} cannot be read", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let tool =
        |path: &PathBuf| Tool::parse(&read(path)?).with_context(|| path.display().to_string());
    paths.iter().map(tool).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("{} cannot be written", path.display()))
}

/// A file that is written in large pieces.
fn wide(path: &Path) -> anyhow::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 20, create(path)?))
}

fn build(scenarios: &[PathBuf], output: &Path) -> anyhow::Result<()> {
    if scenarios.len() > 1 && !output.is_dir() {
        bail!("{} is no folder; several scenarios need one", output.display());
    }
    for path in scenarios {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the scenario {} cannot be read", path.display()))?;
        let scenario = match Scenario::parse(&text) {
            Ok(scenario) => scenario,
            Err(error) => bail!("{}:{error}", path.display()),
        };
        let target = match (output.is_dir(), path.file_stem()) {
            (true, Some(stem)) => output.join(stem).with_extension("pcap"),
            _ => output.to_path_buf(),
        };
        let frames = scenario.frames();
        pcap::write(BufWriter::new(create(&target)?), scenario.precision(), &frames)
            .with_context(|| format!("{} cannot be written", target.display()))?;
        let _ = writeln!(stderr(), "{}: {} frames", target.display(), frames.len());
    }
    Ok(())
}

fn told(truth: std::io::Result<Truth>, to: &To) -> anyhow::Result<()> {
    let truth = truth.with_context(|| format!("{} cannot be written", to.output.display()))?;
    if let Some(path) = &to.names {
        truth
            .write_names(BufWriter::new(create(path)?))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let _ = writeln!(
        stderr(),
        "{}: {} frames, {} octets, {} flows, {} names",
        to.output.display(),
        truth.frames,
        truth.frame_bytes,
        truth.flows,
        truth.names.len()
    );
    Ok(())
}
