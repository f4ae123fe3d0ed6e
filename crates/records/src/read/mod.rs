//! Native records back in: what the report and the policy's learner read.
//!
//! [`Reader`] takes lines from anywhere, one input after the other, and folds them into [`Told`]
//! within bounds. A line that cannot be read is counted and named, and the rest stands. Of one
//! story, row or run the latest record holds, so that inputs may come in any order; only rows made
//! from observations want these in the order in which they were written.

mod alerts;
mod healths;
mod hours;
mod line;
pub mod lines;
mod told;
mod usages;
mod words;

use std::io::{self, BufRead};
use std::ops::ControlFlow;

use model::Complaint;

use self::line::Line;
use self::words::Why;
use crate::formats::ecs::SCHEMA_VERSION;
use crate::limits::{COMPLAINTS_MAX, LINE_BYTES_MAX};

pub use told::{AlertTold, HealthTold, Peer, StageTold, Told};

/// Folds records into what they tell.
#[derive(Debug, Default)]
pub struct Reader {
    usages: usages::Usages,
    alerts: alerts::Alerts,
    healths: healths::Healths,
    words: words::Words,
    counts: Told,
}

/// Why a line was not taken, and where in it that shows.
struct Refusal {
    column: usize,
    why: Why,
    fix: &'static str,
}

impl Reader {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Read an input to its end. `name` stands for it in complaints.
    ///
    /// # Errors
    /// When the input itself fails; a line that cannot be read is no error.
    pub fn read(&mut self, name: &str, input: impl BufRead) -> io::Result<()> {
        lines::each(input, |number, line| {
            self.counts.lines += 1;
            let taken = match line {
                lines::Line::Whole(octets) => self.take(octets),
                lines::Line::TooLong => Err(Refusal {
                    column: LINE_BYTES_MAX + 1,
                    why: format!("it is longer than {LINE_BYTES_MAX} octets"),
                    fix: "records of ours are shorter",
                }),
            };
            if let Err(refusal) = taken {
                self.refuse(name, number, refusal);
            }
            ControlFlow::Continue(())
        })
    }

    /// What all inputs told.
    #[must_use]
    pub fn finish(self) -> Told {
        let usages_left_out = self.usages.left_out;
        let (usages, hours) = self.usages.finish();
        Told {
            usages_left_out,
            alerts_left_out: self.alerts.left_out,
            health_left_out: self.healths.left_out,
            usages,
            hours,
            alerts: self.alerts.finish(),
            health: self.healths.finish(),
            ..self.counts
        }
    }

    fn take(&mut self, octets: &[u8]) -> Result<(), Refusal> {
        let line: Line<'_> = serde_json::from_slice(octets).map_err(|error| Refusal {
            column: error.column().max(1),
            why: format!("it is no record: {}", plain(&error)),
            fix: "give a file of native records, one a line",
        })?;
        self.fold(&line).map_err(|why| Refusal {
            column: 1,
            why,
            fix: "give records as they were written",
        })
    }

    fn fold(&mut self, line: &Line<'_>) -> Result<(), Why> {
        let schema = line.rmm.as_ref().and_then(|rmm| rmm.schema);
        let dataset = line.event.as_ref().and_then(|event| event.dataset.as_ref());
        let Some(dataset) = dataset.filter(|_| schema.is_some()) else {
            self.counts.passed_over += 1;
            return Ok(());
        };
        if let Some(newer) = schema.filter(|schema| *schema > SCHEMA_VERSION) {
            return Err(format!("a newer rmmwatch wrote it: schema {newer}"));
        }
        match dataset.get() {
            "rmmwatch.alert" => self.alerts.take(line, &mut self.words),
            "rmmwatch.inventory" => self.usages.row(line, &mut self.words),
            "rmmwatch.health" | "rmmwatch.summary" => self.healths.take(line, &mut self.words),
            "rmmwatch.header" => Ok(()),
            "rmmwatch.observation" => {
                self.usages.observe(line, &mut self.words)?;
                self.counts.observations += 1;
                Ok(())
            }
            _ => {
                self.counts.passed_over += 1;
                Ok(())
            }
        }
    }

    fn refuse(&mut self, name: &str, number: u64, refusal: Refusal) {
        self.counts.refused += 1;
        if self.counts.complaints.len() < COMPLAINTS_MAX {
            self.counts.complaints.push(Complaint {
                file: name.into(),
                line: u32::try_from(number).unwrap_or(u32::MAX),
                column: u32::try_from(refusal.column).unwrap_or(u32::MAX),
                why: refusal.why,
                fix: refusal.fix.to_owned(),
            });
        }
    }
}

/// Fold one whole input.
///
/// # Errors
/// When the input itself fails; a line that cannot be read is counted.
pub fn read(name: &str, input: impl BufRead) -> io::Result<Told> {
    let mut reader = Reader::new();
    reader.read(name, input)?;
    Ok(reader.finish())
}

/// What is wrong, without the place, which a complaint has of its own, and without characters that
/// could steer a terminal: the words may quote the line.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
    let shown = text.chars().take(200);
    shown.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
