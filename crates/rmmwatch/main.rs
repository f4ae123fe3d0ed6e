//! `rmmwatch`: arguments in, exit code out.

use std::io::IsTerminal as _;

/// Facts are made on a lane's thread and freed on the analyst's; the standard allocator takes a lock
/// for each of those, which cost an eighth of all CPU time where this one takes none.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = rmmwatch::cli::Cli::parse_or_exit();
    // Diagnostics go to standard error; standard output carries records and nothing else.
    let least = if cli.quiet() { tracing::Level::WARN } else { tracing::Level::INFO };
    tracing_subscriber::fmt()
        .with_max_level(least)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    rmmwatch::run(cli).into()
}
