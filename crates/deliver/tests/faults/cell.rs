//! One cell of the table: one kind of sink, one fault, and what became of every record.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use deliver::sinks::{Kind, Prepare, SinkPlan, SinkState};
use deliver::{Delivery, SpoolOptions, SpoolState, Spooling, Stream};

use crate::shelf::{self, Shelf};

/// How the other end is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Well,
    /// Not there; what was under way when it went has no answer.
    Down,
    /// Reads a little at a time and answers late; the first time, not at all.
    Slow,
    /// Says, in its own protocol, that it takes nothing now.
    Refusing,
    /// Answers what makes no sense.
    Garbage,
    /// Shows a certificate that nobody we know vouches for.
    Stranger,
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    DownAtStart,
    DownMidway,
    Slow,
    Refusing,
    Garbage,
    Stranger,
}

impl Fault {
    const ALL: [Fault; 6] = [
        Fault::DownAtStart,
        Fault::DownMidway,
        Fault::Slow,
        Fault::Refusing,
        Fault::Garbage,
        Fault::Stranger,
    ];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Fault::DownAtStart => "down at the start",
            Fault::DownMidway => "killed under load, and back",
            Fault::Slow => "slow",
            Fault::Refusing => "refuses",
            Fault::Garbage => "answers garbage",
            Fault::Stranger => "another CA's certificate",
        }
    }

    fn state(self) -> State {
        match self {
            Fault::DownAtStart | Fault::DownMidway => State::Down,
            Fault::Slow => State::Slow,
            Fault::Refusing => State::Refusing,
            Fault::Garbage => State::Garbage,
            Fault::Stranger => State::Stranger,
        }
    }
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) long: bool,
    pub(crate) records: usize,
    /// Load before, during and after the trouble.
    before: Duration,
    trouble: Duration,
    after: Duration,
    /// When all must be through, once the other end is well.
    within: Duration,
    pub(crate) batch: usize,
    /// Of one attempt.
    pub(crate) timeout: Duration,
    /// How late a slow server answers.
    pub(crate) late: Duration,
}

impl Scale {
    pub(crate) fn get() -> Scale {
        let (secs, millis) = (Duration::from_secs, Duration::from_millis);
        match std::env::var_os("RMMWATCH_LONG") {
            None => Scale {
                long: false,
                records: 2_000,
                before: millis(300),
                trouble: secs(2),
                after: millis(200),
                within: secs(20),
                batch: 100,
                timeout: millis(700),
                late: millis(200),
            },
            Some(_) => Scale {
                long: true,
                records: 100_000,
                before: secs(5),
                trouble: secs(60),
                after: secs(5),
                within: secs(420),
                batch: 500,
                timeout: secs(10),
                late: secs(1),
            },
        }
    }
}

/// The other end of a sink, which a fault happens to.
pub(crate) trait FarEnd: Send {
    /// The sink that leads there.
    fn kind(&self) -> Kind;

    /// What a record looks like there.
    fn shape(&self) -> fn(&str) -> String {
        str::to_owned
    }

    /// What happens to it, in words.
    fn words(&self, fault: Fault) -> &'static str {
        fault.words()
    }

    /// From now on it is like that.
    fn turn(&mut self, state: State);

    /// What has arrived. It was well for a while.
    fn arrived(&mut self) -> Shelf;

    /// Why records may be lost with it, where that is documented.
    fn may_lose(&self) -> Option<&'static str> {
        None
    }
}

/// A cell's outcome.
struct Row {
    sink: &'static str,
    fault: &'static str,
    records: usize,
    shelf: Shelf,
    state: SinkState,
    spool: SpoolState,
    /// How many records waited at most.
    waiting: u64,
    /// How long after the trouble all were through.
    caught_up: Duration,
    /// What was said of the trouble.
    said: Option<String>,
    may_lose: Option<&'static str>,
    batch: usize,
}

/// Every fault that can happen to that sink, all at the same time. `far` makes its other end, or
/// nothing where the fault has no meaning or a server is missing.
pub(crate) fn suffer(
    sink: &'static str,
    far: impl Fn(Fault, Scale) -> Option<Box<dyn FarEnd>> + Sync,
) {
    suffer_of(sink, Scale::get(), far);
}

/// The same, of another size.
pub(crate) fn suffer_of(
    sink: &'static str,
    scale: Scale,
    far: impl Fn(Fault, Scale) -> Option<Box<dyn FarEnd>> + Sync,
) {
    let far = &far;
    let rows: Vec<Row> = thread::scope(|scope| {
        let cells = Fault::ALL.map(|fault| {
            scope.spawn(move || {
                far(fault, scale).map(|mut far| live_through(sink, fault, scale, &mut *far))
            })
        });
        cells.into_iter().filter_map(|cell| cell.join().expect("no panic")).collect()
    });
    println!();
    static HEAD: OnceLock<()> = OnceLock::new();
    HEAD.get_or_init(|| {
        println!(
            "| sink | fault | sent | arrived | lost | twice | setbacks | waited at most | \
             caught up after | said |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|"
        );
    });
    rows.iter().for_each(Row::print);
    rows.iter().for_each(Row::check);
}

fn live_through(sink: &'static str, fault: Fault, scale: Scale, far: &mut dyn FarEnd) -> Row {
    let folder = tempfile::tempdir().expect("a folder");
    let at_start = fault == Fault::DownAtStart;
    far.turn(if at_start { fault.state() } else { State::Well });
    let delivery = start(folder.path().join("spool"), sink, far, scale);
    let state = || delivery.sinks().expect("sinks").1.remove(0);
    let (mut waiting, mut said) = (0, None);
    let caught_up = thread::scope(|scope| {
        let load = scope.spawn(|| load(&delivery, scale));
        if !at_start {
            sleep(scale.before);
            far.turn(fault.state());
        }
        let end = Instant::now() + scale.trouble;
        while Instant::now() < end {
            sleep(Duration::from_millis(20));
            let state = state();
            waiting = waiting.max(state.waiting);
            said = state.trouble.or(said.take());
        }
        far.turn(State::Well);
        let back = Instant::now();
        load.join().expect("all was handed over");
        while state().sent < scale.records as u64 && back.elapsed() < scale.within {
            sleep(Duration::from_millis(10));
        }
        back.elapsed()
    });
    let (spool, mut states) = delivery.finish().expect("an end").sinks.expect("sinks");
    Row {
        sink,
        fault: far.words(fault),
        records: scale.records,
        shelf: far.arrived(),
        state: states.remove(0),
        spool,
        waiting,
        caught_up,
        said,
        may_lose: far.may_lose(),
        batch: scale.batch,
    }
}

/// What was said, without places, for a table.
fn short(said: &str) -> String {
    let words = said.split(' ').filter(|word| !word.contains("127.") && !word.contains("/tmp/"));
    let text = words.collect::<Vec<_>>().join(" ").replace('|', "/");
    let cut = text.chars().take(80).collect::<String>();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

fn start(folder: PathBuf, sink: &str, far: &dyn FarEnd, scale: Scale) -> Delivery {
    let shape = far.shape();
    let prepare: Prepare = Arc::new(move |_, line, out| {
        out.extend_from_slice(shape(std::str::from_utf8(line).ok()?).as_bytes());
        shelf::id(line).map(str::to_owned)
    });
    let plan = SinkPlan {
        name: sink.chars().filter(char::is_ascii_lowercase).collect(),
        streams: vec![Stream::Alerts],
        kind: far.kind(),
        prepare,
        batch_records: scale.batch,
        batch_bytes: 1 << 20,
        timeout: scale.timeout,
    };
    let spooling = Spooling {
        folder,
        options: SpoolOptions::default(),
        sinks: vec![plan],
        drain: Duration::from_secs(5),
    };
    let delivery = Delivery::start(Vec::new()).and_then(|all| all.with_sinks(spooling));
    delivery.expect("a spool")
}

/// All records, evenly over the time of the cell, as a wire brings them: without waiting.
fn load(delivery: &Delivery, scale: Scale) {
    let takes = scale.before + scale.trouble + scale.after;
    let begun = Instant::now();
    let mut sent = 0;
    while sent < scale.records {
        sleep(Duration::from_millis(5));
        let part = begun.elapsed().as_secs_f64() / takes.as_secs_f64();
        let due = ((scale.records as f64 * part) as usize).min(scale.records);
        let lines: String = (sent..due).map(|number| shelf::line(number) + "\n").collect();
        delivery.send(Stream::Alerts, lines.into_bytes()).expect("taken");
        sent = due;
    }
}

impl Row {
    fn lost(&self) -> usize {
        self.records - self.shelf.distinct()
    }

    fn print(&self) {
        let Row { sink, fault, records, state, waiting, .. } = self;
        let lost = match self.may_lose {
            Some(why) if self.lost() > 0 => format!("{} ({why})", self.lost()),
            _ => self.lost().to_string(),
        };
        println!(
            "| {sink} | {fault} | {records} | {} | {lost} | {} | {} | {waiting} | {:.1} s | {} |",
            self.shelf.distinct(),
            self.shelf.twice(),
            state.setbacks,
            self.caught_up.as_secs_f64(),
            self.said.as_deref().map(short).unwrap_or_default(),
        );
    }

    fn check(&self) {
        let Row { sink, fault, state, spool, .. } = self;
        let what = format!("{sink}, {fault}: {}; {state:?}; {spool:?}", self.shelf.wrong());
        assert_eq!(self.shelf.corrupt(), 0, "{what}");
        assert!(self.may_lose.is_some() || self.lost() == 0, "{what}");
        // An attempt sends a batch again at most; on a kept connection that was gone, twice.
        let most = (state.setbacks as usize + 4) * self.batch;
        assert!(self.shelf.twice() <= most, "{} twice: {what}", self.shelf.twice());
        let counts = (state.sent, state.waiting, state.refused, state.lost, state.formless);
        assert_eq!(counts, (self.records as u64, 0, 0, 0, 0), "{what}");
        assert_eq!((&state.trouble, spool.given_up, &spool.trouble), (&None, 0, &None), "{what}");
        // It was noticed, and told; what waited was too.
        assert!(self.waiting > 0, "{what}");
        assert!(self.may_lose.is_some() || state.setbacks > 0, "{what}");
        assert!(self.may_lose.is_some() || self.said.is_some(), "{what}");
    }
}
