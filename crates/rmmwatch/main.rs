//! `rmmwatch`: arguments in, exit code out.

use std::io::IsTerminal as _;

fn main() -> std::process::ExitCode {
    let cli = rmmwatch::cli::Cli::parse_or_exit();
    // Diagnostics go to standard error; standard output carries records and nothing else.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    rmmwatch::run(cli).into()
}
