//! `rmmwatch policy`: which rule decides and why, what is wrong with the policy, what it could be.

mod account;
mod lint;
mod suggest;

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use records::{Reader, Told};

use crate::cli::{PolicyArgs, PolicyCommand};
use crate::exit::{Exit, fail, tell};

/// Run the command.
pub(crate) fn run(args: &PolicyArgs) -> Exit {
    match &args.command {
        PolicyCommand::Explain(args) => account::run(args),
        PolicyCommand::Lint(args) => lint::run(args),
        PolicyCommand::Suggest(args) => suggest::run(args),
    }
}

/// Write to standard output, and say how that went.
fn print(write: impl FnOnce(&mut dyn Write) -> std::io::Result<Exit>) -> Exit {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match write(&mut out).and_then(|exit| out.flush().map(|()| exit)) {
        Ok(exit) => exit,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

/// Read records from files, one after the other, `-` being standard input. What cannot be read of
/// them is told; answers with how bad that is.
///
/// # Errors
/// How the program ends when a file cannot be had.
fn read_records(paths: &[PathBuf]) -> Result<(Told, Exit), Exit> {
    let mut reader = Reader::new();
    for path in paths {
        let name = path.display().to_string();
        let read = match path.as_path() {
            path if path == Path::new("-") => reader.read(&name, std::io::stdin().lock()),
            path => File::open(path).and_then(|file| reader.read(&name, BufReader::new(file))),
        };
        if let Err(why) = read {
            return Err(fail(Exit::Failed, &format_args!("{name} cannot be read: {why}")));
        }
    }
    let told = reader.finish();
    for complaint in &told.complaints {
        tell(format_args!("rmmwatch: {complaint}"));
    }
    let untold = told.refused.saturating_sub(told.complaints.len() as u64);
    if untold > 0 {
        tell(format_args!("rmmwatch: {untold} further lines could not be read"));
    }
    let exit = if told.refused > 0 { Exit::Damaged } else { Exit::Done };
    Ok((told, exit))
}
