//! The command that mangles a capture.

use std::fs::File;
use std::io::{BufWriter, Write as _, stderr};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{Args, value_parser};
use trafficgen::{Mangle, mangle, pcap};

#[derive(Args)]
pub(crate) struct Mangling {
    /// A classic capture of Ethernet frames.
    capture: PathBuf,
    /// The capture to write.
    #[arg(short, long)]
    output: PathBuf,
    /// TCP segments that are cut anew, per cent.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(..=100))]
    segments: u64,
    /// IP packets that are cut into fragments, per cent.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(..=100))]
    fragments: u64,
    /// Frames that come twice, per cent.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(..=100))]
    twice: u64,
    /// The VLAN that all frames come in, outside of the tags that they have.
    #[arg(long, value_parser = value_parser!(u16).range(1..=4094))]
    vlan: Option<u16>,
    /// Frames that are lost, per cent.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(..=100))]
    lost: u64,
    /// A fifth of the frames come late, by up to so many milliseconds.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(..=10_000))]
    late_ms: u64,
    /// Another number, other frames.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Mangling {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let shown = self.capture.display();
        let file =
            std::fs::read(&self.capture).with_context(|| format!("{shown} cannot be read"))?;
        let (precision, frames) = pcap::read(&file).map_err(|why| anyhow!("{shown}: {why}"))?;
        let how = Mangle {
            segments: self.segments,
            fragments: self.fragments,
            twice: self.twice,
            vlan: self.vlan,
            lost: self.lost,
            late: self.late_ms * 1_000_000,
        };
        let mangled = mangle(&frames, &how, self.seed);
        let target = self.output.display();
        File::create(&self.output)
            .and_then(|file| pcap::write(BufWriter::new(file), precision, &mangled))
            .with_context(|| format!("{target} cannot be written"))?;
        let _ = writeln!(stderr(), "{target}: {} frames of {}", mangled.len(), frames.len());
        Ok(())
    }
}
