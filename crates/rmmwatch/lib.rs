//! The program: it joins the crates, reads files and signals, and decides nothing itself.

mod analyst;
mod bundle;
mod check;
pub mod cli;
mod config;
mod convert;
mod counts;
mod dns_share;
mod exit;
mod explain;
mod feeds;
mod fleet;
mod knowledge;
mod lanes;
mod limits;
mod live;
mod notify;
mod one_way;
mod output;
mod pipes;
mod policy;
mod progress;
mod reload;
mod replay;
mod report;
mod sending;
mod shaping;
mod signals;
mod sinks;
mod state;
mod tools;

pub use exit::Exit;

/// Run the program with the arguments given and say how it ended.
pub fn run(cli: cli::Cli) -> Exit {
    match cli.command {
        cli::Command::Replay(args) => replay::run(&args),
        cli::Command::Run(args) => live::run(&args),
        cli::Command::Analyse(args) => fleet::run(&args),
        cli::Command::Check(args) => check::run(&args),
        cli::Command::Explain(args) => explain::run(&args),
        cli::Command::Tools(args) => tools::run(&args),
        cli::Command::Policy(args) => policy::run(&args),
        cli::Command::Report(args) => report::run(&args),
        cli::Command::Convert(args) => convert::run(&args),
        cli::Command::Bundle(args) => bundle::run(&args),
    }
}
