//! `rmmwatch check`: is all that the sensor needs in order, and if not, what to do.

use std::io::Write;

use capture::{Live, LiveOptions};

use crate::cli::CheckArgs;
use crate::exit::{Exit, fail, printable};
use crate::knowledge::Knowledge;

/// Run the command.
pub(crate) fn run(args: &CheckArgs) -> Exit {
    let knowledge = match Knowledge::load(&args.knowledge) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let mut out = std::io::stdout().lock();
    match report(args, &knowledge, &mut out) {
        Ok(exit) => exit,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

fn report(args: &CheckArgs, knowledge: &Knowledge, out: &mut impl Write) -> std::io::Result<Exit> {
    let Knowledge { settings, book, policy, book_complaints, policy_complaints } = knowledge;
    let mut exit = Exit::Done;
    match &settings.text {
        Some((name, _)) => writeln!(out, "settings   {name}")?,
        None => writeln!(out, "settings   the defaults")?,
    }
    let rows: usize = book.tools().iter().map(|tool| tool.rows.len()).sum();
    writeln!(out, "catalogue  {} tools, {rows} rows", book.tools().len())?;
    for feed in book.feeds() {
        write!(out, "feed       {} ({}): {} indicators", feed.id, feed.version, feed.count)?;
        if feed.gated > 0 {
            write!(out, ", {} of them gated: they never alert alone", feed.gated)?;
        }
        writeln!(out)?;
    }
    let zones: Vec<&str> = policy.zones().collect();
    writeln!(out, "policy     {} zones, {} rules", zones.len(), policy.rules().count())?;
    for complaint in policy_complaints.iter().chain(book_complaints) {
        writeln!(out, "problem    {}", printable(&complaint.to_string()))?;
        exit = Exit::Usage;
    }
    for gated in book.gated() {
        if !gated.file.starts_with("built-in:") {
            writeln!(out, "gated      {gated}")?;
        }
    }
    for dead in book.self_test() {
        writeln!(out, "problem    dead row: {dead}")?;
        exit = Exit::Usage;
    }
    if let Some(filter) = &settings.config.capture.filter {
        match capture::check_filter(filter) {
            Ok(()) => writeln!(out, "filter     {filter}")?,
            Err(why) => {
                writeln!(out, "problem    {why}")?;
                exit = Exit::Usage;
            }
        }
    }
    if let Some(interface) = &args.interface {
        match Live::open(&LiveOptions::new(interface)) {
            Ok(live) => writeln!(out, "interface  {interface}: link type {}", live.link().0)?,
            Err(why) => {
                writeln!(out, "problem    {why}")?;
                exit = Exit::Failed;
            }
        }
    }
    writeln!(out, "{}", if exit == Exit::Done { "all well" } else { "not well" })?;
    Ok(exit)
}
