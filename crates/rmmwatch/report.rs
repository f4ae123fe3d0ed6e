//! `rmmwatch report`: records or captures in, an audit out.

mod inputs;
mod words;

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use audit::{Audit, Format, InputRead, Lines, Question, Report, Style};
use records::Told;

use crate::cli::{KnowledgeArgs, ReportArgs, ReportFormat};
use crate::config::DEFAULT_PATH;
use crate::exit::{Exit, fail, tell};
use crate::knowledge::Knowledge;

/// Run the command.
pub(crate) fn run(args: &ReportArgs) -> Exit {
    match report(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn report(args: &ReportArgs) -> Result<Exit, Exit> {
    if args.since.zip(args.until).is_some_and(|(since, until)| until <= since) {
        return Err(fail(Exit::Usage, &"--until is not after --since: the period is empty"));
    }
    refuse_mistakes(args)?;
    let format = format(args);
    let sorted = inputs::Sorted::of(&args.inputs)?;
    let mut audit = Audit::new(Question { since: args.since, until: args.until });
    let mut ended = Exit::Done;

    if !args.previous.is_empty() {
        let previous = inputs::Sorted::of(&args.previous)?;
        if !previous.captures.is_empty() {
            let why =
                "--previous takes records; write them first with `rmmwatch replay --health FILE`";
            return Err(fail(Exit::Usage, &why));
        }
        let told = previous.read()?.0.finish();
        complain(&told);
        audit.previous(told.usages);
    }
    let knowledge = asks_policy(args, &sorted)
        .then(|| Knowledge::load_sound(&args.knowledge, args.quiet))
        .transpose()?;
    if let Some(knowledge) = &knowledge {
        audit.policy(knowledge.policy.rules().map(words::rule));
    }
    for (name, kind) in &sorted.named {
        audit.input(InputRead { name: name.clone(), kind });
    }
    let captures = sorted.captures.clone();
    let (mut reader, _relays) = sorted.read()?;
    if let (false, Some(knowledge)) = (captures.is_empty(), knowledge) {
        ended = inputs::replay(args, captures, knowledge, &mut reader)?;
        // The page goes further than what was said on standard error.
        let missing = match ended {
            Exit::Damaged => Some("not all of them could be read, or not to their ends"),
            Exit::Interrupted => Some("reading was interrupted; what follows is missing"),
            _ => None,
        };
        if let Some(why) = missing {
            audit.refused("captures", why);
        }
        let packed =
            |path: &PathBuf| path.extension().is_some_and(|end| end == "gz" || end == "zst");
        if ended == Exit::Damaged && args.inputs.iter().any(packed) {
            tell(format_args!(
                "rmmwatch: what is packed is read as a capture; of records: \
                 zcat FILE | rmmwatch report -"
            ));
        }
    }
    let told = reader.finish();
    complain(&told);
    if ended == Exit::Done && told.refused > 0 {
        ended = Exit::Damaged;
    }
    take(&mut audit, told);
    write(&audit.finish(), format, args.output.as_deref())?;
    Ok(ended)
}

/// Whether a policy was given, or is needed to weigh a capture.
fn asks_policy(args: &ReportArgs, sorted: &inputs::Sorted) -> bool {
    let KnowledgeArgs { policy, config, .. } = &args.knowledge;
    !sorted.captures.is_empty()
        || policy.is_some()
        || config.is_some()
        || Path::new(DEFAULT_PATH).exists()
}

fn complain(told: &Told) {
    for complaint in told.complaints.iter().take(10) {
        tell(format_args!("rmmwatch: {complaint}"));
    }
    let more = told.refused.saturating_sub(told.complaints.len().min(10) as u64);
    if more > 0 {
        tell(format_args!("rmmwatch: {more} further lines could not be read"));
    }
}

fn take(audit: &mut Audit, told: Told) {
    audit.lines(Lines {
        read: told.lines,
        passed_over: told.passed_over,
        refused: told.refused,
        left_out: told
            .usages_left_out
            .saturating_add(told.alerts_left_out)
            .saturating_add(told.health_left_out),
    });
    for complaint in &told.complaints {
        let place = format!("{}:{}:{}", complaint.file, complaint.line, complaint.column);
        audit.refused(&place, &complaint.why);
    }
    told.usages.into_iter().for_each(|usage| audit.take(audit::Entry::Usage(Box::new(usage))));
    told.alerts.into_iter().for_each(|alert| audit.take(words::alarm(alert)));
    told.health.into_iter().for_each(|health| audit.take(words::fared(health)));
}

/// The format that was asked for, by name or by the output's ending.
fn format(args: &ReportArgs) -> Format {
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|end| end.to_str());
    let named = args.format.unwrap_or(match ending {
        Some("md" | "markdown") => ReportFormat::Markdown,
        Some("csv") => ReportFormat::Csv,
        Some("json") => ReportFormat::Json,
        Some("html" | "htm") => ReportFormat::Html,
        _ => ReportFormat::Text,
    });
    match named {
        ReportFormat::Text => Format::Text,
        ReportFormat::Markdown => Format::Markdown,
        ReportFormat::Csv => Format::Csv,
        ReportFormat::Json => Format::Json,
        ReportFormat::Html => Format::Html,
    }
}

fn write(report: &Report, format: Format, path: Option<&Path>) -> Result<(), Exit> {
    let path = path.filter(|path| path.as_os_str() != "-");
    let written = match path {
        Some(path) => File::create(path).and_then(|file| {
            let mut out = BufWriter::new(file);
            report.write(format, Style::default(), &mut out)?;
            out.flush()
        }),
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            report.write(format, terminal_style(), &mut out).and_then(|()| out.flush())
        }
    };
    match written {
        // A reader that is gone wants no more.
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(why) => {
            let name = path.map_or("standard output".into(), Path::to_string_lossy);
            Err(fail(Exit::Failed, &format_args!("{name} cannot be written: {why}")))
        }
        Ok(()) => Ok(()),
    }
}

/// As wide as the terminal is, and in colour unless its owner wants none (no-color.org).
fn terminal_style() -> Style {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return Style::default();
    }
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let asked = set("COLUMNS").and_then(|columns| columns.parse().ok());
    let has = || rustix::termios::tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col));
    let width = asked.or_else(has).filter(|columns| *columns > 0);
    let colour = set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb");
    Style { width: Some(width.unwrap_or(80)), colour }
}

/// What no one means: standard input twice, or an input as the output, which would be emptied
/// before it is read.
fn refuse_mistakes(args: &ReportArgs) -> Result<(), Exit> {
    let all = || args.inputs.iter().chain(&args.previous);
    if all().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(fail(Exit::Usage, &"standard input (`-`) can be read once only"));
    }
    let Some(output) = &args.output else { return Ok(()) };
    let same = |input: &&PathBuf| match (input.metadata(), output.metadata()) {
        (Ok(one), Ok(two)) => one.is_file() && (one.dev(), one.ino()) == (two.dev(), two.ino()),
        _ => false,
    };
    match all().find(same) {
        None => Ok(()),
        Some(input) => {
            let (output, input) = (output.display(), input.display());
            let why = format_args!(
                "the output {output} is the input {input}, and would be emptied; name another file"
            );
            Err(fail(Exit::Usage, &why))
        }
    }
}
