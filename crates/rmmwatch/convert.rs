//! `rmmwatch convert`: native records in, lines of another format out; or which lines are no
//! records.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use model::Complaint;
use records::limits::LINE_BYTES_MAX;
use records::read::lines::{self, Line};
use records::{Format, FormatOptions, Native, NotNative, Template};

use crate::cli::ConvertArgs;
use crate::config::{self, ConfigError};
use crate::exit::{Exit, fail, printable, tell};
use crate::limits::COMPLAINTS_TOLD_MAX;

/// Run the command.
pub(crate) fn run(args: &ConvertArgs) -> Exit {
    match convert(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn convert(args: &ConvertArgs) -> Result<Exit, Exit> {
    if args.inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(fail(Exit::Usage, &"standard input (`-`) can be read once only"));
    }
    let work = Work::of(args)?;
    // Standard output is written line by line: who follows a growing file sees each at once.
    let mut run =
        Run { work, out: io::stdout().lock(), shaped: Vec::new(), counts: Counts::default() };
    for path in &args.inputs {
        if run.read(path)?.is_break() {
            return Ok(Exit::Done);
        }
    }
    run.conclude(args.quiet)
}

/// What is made of a record.
enum Work {
    Shape { format: Format, options: FormatOptions },
    Fill(Box<Template>),
    Lint,
}

impl Work {
    fn of(args: &ConvertArgs) -> Result<Work, Exit> {
        if let Some(path) = &args.template {
            return Ok(Work::Fill(Box::new(template(path)?)));
        }
        let Some(to) = args.to else { return Ok(Work::Lint) };
        let format = Format::from(to);
        let enveloped = matches!(format, Format::Hec | Format::Loki | Format::Syslog);
        if args.inner.is_some() && !enveloped {
            let why = "--inner is for the envelopes: hec, loki, syslog";
            return Err(fail(Exit::Usage, &why));
        }
        if args.inner == args.to && args.inner.is_some() {
            return Err(fail(Exit::Usage, &"an envelope does not stand in an envelope"));
        }
        if args.index.is_some() && format != Format::Hec {
            return Err(fail(Exit::Usage, &"--index is for hec"));
        }
        let options =
            FormatOptions { index: args.index.clone(), inner: args.inner.map(Format::from) };
        Ok(Work::Shape { format, options })
    }
}

fn template(path: &Path) -> Result<Template, Exit> {
    let text = config::read_text(path).map_err(|error| match error {
        ConfigError::Unreadable(why) => fail(Exit::Failed, &format_args!("{why:#}")),
        ConfigError::Wrong(complaints) => {
            complaints.iter().for_each(|one| tell(format_args!("rmmwatch: {one}")));
            Exit::Usage
        }
    })?;
    let name = path.display().to_string();
    Template::parse(&name, &text).map_err(|complaint| fail(Exit::Usage, &complaint))
}

#[derive(Default)]
struct Counts {
    /// Lines that are records.
    records: u64,
    /// The same by their dataset.
    datasets: BTreeMap<String, u64>,
    /// Records that have no form in the format.
    formless: u64,
    /// Lines that are no records.
    refused: u64,
    /// Records that the template failed on.
    unfilled: u64,
    /// Inputs that could not be read, or not to their end.
    unread: u64,
}

struct Run<W> {
    work: Work,
    out: W,
    shaped: Vec<u8>,
    counts: Counts,
}

impl<W: Write> Run<W> {
    /// Take an input to its end, or say why it cannot be read; a break when nobody reads any more.
    ///
    /// # Errors
    /// How the program ends when the output fails.
    fn read(&mut self, path: &Path) -> Result<ControlFlow<()>, Exit> {
        let name = path.display().to_string();
        let source: io::Result<Box<dyn Read>> = match path.as_os_str() == "-" {
            true => Ok(Box::new(io::stdin().lock())),
            false => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
        };
        let mut written = Ok(());
        let read = source.and_then(|source| {
            lines::each(BufReader::new(source), |number, line| {
                written = self.take(&name, number, line);
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        });
        if let Err(why) = read {
            self.counts.unread += 1;
            tell(format_args!("rmmwatch: {name} cannot be read: {why}"));
        }
        match written {
            Ok(()) => Ok(ControlFlow::Continue(())),
            // A reader that is gone wants no more.
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(why) => {
                Err(fail(Exit::Failed, &format_args!("standard output cannot be written: {why}")))
            }
        }
    }

    fn take(&mut self, name: &str, number: u64, line: Line<'_>) -> io::Result<()> {
        let octets = match line {
            Line::Whole(octets) => octets,
            Line::TooLong => {
                let why = format!("the line has more than {LINE_BYTES_MAX} octets");
                return self.refuse(name, number, LINE_BYTES_MAX + 1, why);
            }
        };
        let record = match Native::parse(octets) {
            Ok(record) => record,
            Err(why) => {
                let (column, why) = place(octets, &why);
                return self.refuse(name, number, column, why);
            }
        };
        self.counts.records += 1;
        self.shaped.clear();
        let shaped = match &self.work {
            Work::Lint => {
                count(&mut self.counts.datasets, record.dataset());
                return Ok(());
            }
            Work::Shape { format, options } => {
                let shaped = records::shape(*format, &record, options, &mut self.shaped);
                self.counts.formless += u64::from(!shaped);
                shaped
            }
            Work::Fill(template) => match template.render(&record, &mut self.shaped) {
                Ok(()) => true,
                Err(why) => {
                    self.counts.unfilled += 1;
                    if self.counts.unfilled <= COMPLAINTS_TOLD_MAX {
                        tell(format_args!("rmmwatch: {name}:{number}: {why}"));
                    }
                    false
                }
            },
        };
        if !shaped {
            return Ok(());
        }
        self.shaped.push(b'\n');
        self.out.write_all(&self.shaped)
    }

    fn refuse(&mut self, name: &str, number: u64, column: usize, why: String) -> io::Result<()> {
        self.counts.refused += 1;
        let complaint = Complaint {
            file: name.into(),
            line: u32::try_from(number).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            why,
            fix: String::new(),
        };
        match self.work {
            Work::Lint => writeln!(self.out, "{}", printable(&complaint.to_string())),
            Work::Shape { .. } | Work::Fill(_) => {
                if self.counts.refused <= COMPLAINTS_TOLD_MAX {
                    tell(format_args!("rmmwatch: {complaint}"));
                }
                Ok(())
            }
        }
    }

    /// Say what became of the lines.
    fn conclude(self, quiet: bool) -> Result<Exit, Exit> {
        let Counts { records, datasets, formless, refused, unfilled, unread } = self.counts;
        let untold = |count: u64| count.saturating_sub(COMPLAINTS_TOLD_MAX);
        match self.work {
            Work::Lint if !quiet => {
                let kinds: Vec<_> =
                    datasets.iter().map(|(name, count)| format!("{name} {count}")).collect();
                let kinds = if kinds.is_empty() { "none" } else { &*kinds.join(", ") };
                tell(format_args!(
                    "rmmwatch: {records} records ({kinds}), {refused} lines that are none"
                ));
            }
            Work::Lint => {}
            Work::Shape { .. } | Work::Fill(_) => {
                if untold(refused) > 0 {
                    tell(format_args!(
                        "rmmwatch: {} further lines are no records",
                        untold(refused)
                    ));
                }
                if untold(unfilled) > 0 {
                    let more = untold(unfilled);
                    tell(format_args!("rmmwatch: the template failed on {more} further records"));
                }
            }
        }
        if let (Work::Shape { format, .. }, false, 1..) = (&self.work, quiet, formless) {
            let word = format.word();
            tell(format_args!(
                "rmmwatch: {formless} of {records} records have no form in {word}: left out"
            ));
        }
        Ok(match (unread, refused + unfilled) {
            (1.., _) => Exit::Failed,
            (0, 1..) => Exit::Damaged,
            (0, 0) => Exit::Done,
        })
    }
}

/// Count a dataset; of foreign ones, which may have any name, only so many by their names.
fn count(datasets: &mut BTreeMap<String, u64>, name: &str) {
    const NAMES_MAX: usize = 16;
    let known = datasets.len() < NAMES_MAX || datasets.contains_key(name);
    let name = if known && name.len() <= 64 { name } else { "others" };
    *datasets.entry(name.to_owned()).or_default() += 1;
}

/// Where in a line it shows that this is no record, from 1, and why it is none.
fn place(octets: &[u8], why: &NotNative) -> (usize, String) {
    let text = why.to_string();
    if !matches!(why, NotNative::NoObject(_)) {
        return (1, text);
    }
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(octets);
    let column = read.map_or_else(|error| error.column().max(1), |_| 1);
    // The place stands in the complaint, in a way that programs understand.
    let text = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
    (column, text.to_owned())
}
