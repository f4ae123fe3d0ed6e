//! `rmmwatch`: arguments in, exit code out.

use clap::Parser;

fn main() -> std::process::ExitCode {
    rmmwatch::run(rmmwatch::cli::Cli::parse_or_exit()).into()
}
