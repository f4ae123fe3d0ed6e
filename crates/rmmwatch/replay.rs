//! `rmmwatch replay`: captures in, records out.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use capture::{ReplayOptions, Timeline};
use detect::Detector;
use dissect::Seed;

use crate::analyst::{Analyst, Gauges};
use crate::cli::ReplayArgs;
use crate::exit::{Exit, fail, tell};
use crate::knowledge::Knowledge;
use crate::lanes::Lanes;
use crate::output;
use crate::pipes::Pipes;
use crate::progress::Progress;
use crate::signals::{Hangup, Signals};
use crate::{sinks, state};

/// The key of the flow table's hash on replay. A fixed one, so that the same capture gives the
/// same output even where the table is too small for it; the work per frame stays bounded.
const SEED: Seed = Seed([0x72_6d_6d_77_61_74_63_68, 0x61_61_32_33_2d_30_32_35]);

/// Run the command.
pub(crate) fn run(args: &ReplayArgs) -> Exit {
    let ended = Knowledge::load_sound(&args.knowledge, args.output.quiet).and_then(|knowledge| {
        let set = &knowledge.settings.config.output;
        let outputs = output::plan(&args.output, set, output::Mode::Replay);
        replay(args, knowledge, outputs)
    });
    match ended {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Replay what `args` names, with records going to `outputs`.
pub(crate) fn replay(
    args: &ReplayArgs,
    knowledge: Knowledge,
    outputs: output::Plan,
) -> Result<Exit, Exit> {
    let filter = args.filter.clone().or(knowledge.settings.config.capture.filter.clone());
    if let Some(filter) = &filter {
        capture::check_filter(filter).map_err(|why| fail(Exit::Usage, &why))?;
    }
    let set = &knowledge.settings.config;
    refuse_mistakes(&args.inputs, &outputs)?;

    let signals = Signals::listen(Hangup::Stops).map_err(|why| fail(Exit::Failed, &why))?;
    let mut pipes = Pipes::default();
    let inputs = args.inputs.iter().map(|path| pipes.input(path, &signals));
    let inputs = inputs.collect::<Result<Vec<_>, _>>().map_err(|why| fail(Exit::Failed, &why))?;
    let options = ReplayOptions { filter, ..ReplayOptions::default() };
    let mut timeline = Timeline::open(&inputs, &options).map_err(|why| fail(Exit::Failed, &why))?;

    let mut detector = Detector::new(knowledge.policy, &set.detect_limits());
    let place = state::begin(args.state.as_deref(), &outputs, &mut detector)?;
    let delivery = output::delivery(outputs, set, args.sinks)?;
    let gauges = Arc::new(Gauges::default());
    let limits = output::limits(&set.flows);
    let keeper = place.map(|place| place.keep(None)).transpose();
    let keeper = keeper.map_err(|why| fail(Exit::Failed, &why))?;
    let sensor = &set.sensor;
    let analyst = Analyst::new(knowledge.book, detector, delivery, gauges.clone())
        .of_sensor(sensor.name(), sinks::forward_plan(sensor, set.fleet.partitions))
        .keep(keeper);
    let mut lanes = Lanes::start(args.lanes.unwrap_or(1), limits, SEED, analyst)
        .map_err(|why| fail(Exit::Failed, &why))?;

    let mut progress = Progress::new(timeline.report().bytes_total, args.output.quiet, gauges);
    let mut first = None;
    let mut packets = 0u64;
    let mut failed = None;
    let mut open = true;
    while open && !signals.stop() {
        let read = timeline.read(&mut |frames| {
            first = first.or_else(|| frames.first().map(|frame| frame.at));
            packets += frames.len() as u64;
            open &= lanes.push(frames);
        });
        match read {
            Ok(true) => progress.at(timeline.report().bytes_read, packets),
            Ok(false) => break,
            Err(why) => {
                failed = Some(why);
                break;
            }
        }
    }
    let ended = lanes.finish();
    progress.finish();
    let (account, conclusion) = ended.map_err(|_| fail(Exit::Failed, &"the analyst panicked"))?;

    let report = timeline.report();
    let passed_over = pipes.names(&report.passed_over, signals.stop());
    let damaged = pipes.names(&report.damaged, signals.stop());
    let mut health = conclusion.health;
    health.at = account.last;
    health.since = first.unwrap_or_default();
    health.frames = account.tally;
    health.panics = account.panics;
    // Half a capture is not what was asked to be remembered.
    let whole = failed.is_none() && !signals.stop();
    let remembered = state::end(conclusion.kept, whole, &mut health);
    if !args.output.quiet {
        for (path, why) in &passed_over {
            tell(format_args!("rmmwatch: {}: passed over: {why}", path.display()));
        }
    }
    for (path, why) in &damaged {
        tell(format_args!("rmmwatch: {}: {why}", path.display()));
    }
    for (link, why) in &report.unfiltered {
        tell(format_args!("rmmwatch: the filter fits no frame of link type {}: {why}", link.0));
    }
    let files =
        records::Files { read: report.files.len() as u64, passed_over, damaged: damaged.clone() };
    let alerts: u64 = health.alerts.values().sum();
    let ended = output::conclude(
        conclusion.delivery,
        &conclusion.recorder,
        &health,
        &conclusion.usages,
        &files,
        &conclusion.severities,
        args.output.summary(),
    )?;
    if let Some(why) = failed {
        return Err(fail(Exit::Failed, &why));
    }
    Ok(if !remembered {
        Exit::Failed
    } else if signals.stop() {
        Exit::Interrupted
    } else if args.output.fail_on.is_some() && alerts > 0 {
        Exit::Alerts
    } else if !damaged.is_empty() {
        Exit::Damaged
    } else {
        ended
    })
}

/// What no one means: standard input twice, or a capture as an output, which would empty it before
/// it is read.
fn refuse_mistakes(inputs: &[PathBuf], outputs: &output::Plan) -> Result<(), Exit> {
    if inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(fail(Exit::Usage, &"standard input (`-`) can be read once only"));
    }
    for path in outputs.paths() {
        let same = |input: &&PathBuf| match (input.metadata(), path.metadata()) {
            (Ok(one), Ok(two)) => one.is_file() && (one.dev(), one.ino()) == (two.dev(), two.ino()),
            _ => false,
        };
        if let Some(input) = inputs.iter().find(same) {
            let (path, input) = (path.display(), input.display());
            let why = format_args!(
                "the output {path} is the input {input}, and would be emptied; name another file"
            );
            return Err(fail(Exit::Usage, &why));
        }
    }
    Ok(())
}
