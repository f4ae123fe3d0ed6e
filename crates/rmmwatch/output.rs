//! What `replay` and `run` share at both ends: where records go, and how a run is concluded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deliver::{Delivery, Gone, Output, SinkState, SpoolState, Stream, Target};
use model::{Health, Usage, UsageId};
use records::{Files, FormatOptions, Recorder};

use crate::cli::{OutputArgs, Summary};
use crate::config;
use crate::exit::{Exit, fail, tell};
use crate::limits::RECORD_BUFFER_BYTES;
use crate::shaping;

/// Whether a file begins anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// A regular file is cut to nothing first.
    Replay,
    /// A regular file is written on at its end.
    Run,
}

/// The outputs that were asked for.
pub(crate) struct Plan {
    pub(crate) list: Vec<Output>,
}

impl Plan {
    /// The paths that records go to.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().filter_map(|output| match &output.target {
            Target::Path(path) => Some(path.as_path()),
            Target::Stdout => None,
        })
    }
}

/// What goes where: flags before settings before defaults.
pub(crate) fn plan(flags: &OutputArgs, set: &config::Output, mode: Mode) -> Plan {
    let standard = PathBuf::from("-");
    let alerts = flags.alerts.as_ref().or(set.alerts.as_ref()).unwrap_or(&standard);
    let wanted = [
        (Stream::Alerts, Some(alerts)),
        (Stream::Observations, flags.observations.as_ref().or(set.observations.as_ref())),
        (Stream::Health, flags.health.as_ref().or(set.health.as_ref())),
    ];
    let mut by_path: BTreeMap<&Path, Vec<Stream>> = BTreeMap::new();
    for (stream, path) in wanted {
        if let Some(path) = path {
            by_path.entry(path).or_default().push(stream);
        }
    }
    let list = by_path
        .into_iter()
        .map(|(path, streams)| {
            let target = if path.as_os_str() == "-" {
                Target::Stdout
            } else {
                Target::Path(path.to_owned())
            };
            let shape = shaping::shape(flags.format.into(), FormatOptions::default());
            Output { streams, target, append: mode == Mode::Run, shape }
        })
        .collect();
    Plan { list }
}

/// Open outputs, and with `sinks` those of the settings too.
pub(crate) fn delivery(outputs: Plan, set: &config::Config, sinks: bool) -> Result<Delivery, Exit> {
    let spooling = match sinks {
        true => crate::sinks::plan(&set.sink, &set.spool, &set.sensor),
        false => Ok(None),
    };
    let spooling = spooling.map_err(|why| fail(Exit::Usage, &format_args!("{why:#}")))?;
    let delivery = Delivery::start(outputs.list).map_err(|why| fail(Exit::Failed, &why))?;
    match spooling {
        Some(spooling) => delivery.with_sinks(spooling).map_err(|why| fail(Exit::Failed, &why)),
        None => Ok(delivery),
    }
}

/// The dissector's bounds as the settings have them.
pub(crate) fn limits(set: &config::Flows) -> dissect::Limits {
    dissect::Limits {
        flows_max: set.flows_max,
        openings_bytes_max: set.openings_mib << 20,
        ..dissect::Limits::default()
    }
}

/// Write the last records, close the outputs, print the summary.
pub(crate) fn conclude(
    delivery: Delivery,
    recorder: &Recorder,
    health: &Health,
    usages: &[(UsageId, Usage)],
    files: &Files,
    severities: &BTreeMap<&'static str, u64>,
    summary: Summary,
) -> Result<Exit, Exit> {
    if delivery.wants(Stream::Health) {
        // A reader that is gone wants no summary.
        let _ = write_last(&delivery, recorder, health, usages, files);
    }
    let unwritten = delivery.unwritten();
    if unwritten > 0 {
        tracing::warn!("{unwritten} records were dropped: an output or the spool was behind");
    }
    let delivered = delivery.finish();
    match summary {
        Summary::None => {}
        Summary::Text => {
            tell(format_args!("{}", records::summary_text(health, files, severities).trim_end()));
        }
        Summary::Json => {
            let mut line = Vec::new();
            recorder.summary(health, files, &mut line);
            tell(format_args!("{}", String::from_utf8_lossy(&line).trim_end()));
        }
    }
    let delivered = delivered.map_err(|why| fail(Exit::Failed, &why))?;
    if delivered.formless > 0 {
        tracing::info!("{} records have no form in that format: left out", delivered.formless);
    }
    match delivered.sinks {
        Some((spool, sinks)) => sent(&spool, &sinks),
        None => Ok(Exit::Done),
    }
}

/// Say what did not get through the sinks.
fn sent(spool: &SpoolState, sinks: &[SinkState]) -> Result<Exit, Exit> {
    for SinkState { name, waiting, refused, lost, trouble, .. } in sinks {
        if *waiting > 0 {
            let why = trouble.as_deref().unwrap_or("there was no time for more");
            tracing::warn!("{waiting} records wait in the spool for the sink {name}: {why}");
        }
        if *refused > 0 {
            tracing::warn!("{refused} records were refused by the sink {name}");
        }
        if *lost > 0 {
            tracing::warn!("{lost} records left the spool before the sink {name} had them");
        }
    }
    if spool.unwritten > 0 {
        let (lost, why) = (spool.unwritten, spool.trouble.as_deref().unwrap_or_default());
        return Err(fail(
            Exit::Failed,
            &format_args!("{lost} records for sinks are lost, the spool took nothing: {why}"),
        ));
    }
    Ok(Exit::Done)
}

/// The last health record, the inventory, and the summary.
fn write_last(
    delivery: &Delivery,
    recorder: &Recorder,
    health: &Health,
    usages: &[(UsageId, Usage)],
    files: &Files,
) -> Result<(), Gone> {
    let mut lines = Vec::new();
    recorder.health(health, &mut lines);
    for (row, usage) in usages {
        recorder.inventory(*row, usage, &mut lines);
        if lines.len() >= RECORD_BUFFER_BYTES {
            delivery.send(Stream::Health, std::mem::take(&mut lines))?;
        }
    }
    recorder.summary(health, files, &mut lines);
    delivery.send(Stream::Health, lines)
}
