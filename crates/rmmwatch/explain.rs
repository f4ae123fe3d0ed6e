//! `rmmwatch explain`: what the sensor would make of a name or an address, and why.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use detect::Alone;
use intel::{Explanation, Tier};
use model::{
    ListKind, Lure, LureKind, Match, Meaning, Operator, SignSource, Specificity, Timestamp,
};
use serde::Serialize;

use crate::cli::ExplainArgs;
use crate::exit::{Exit, fail, printable};
use crate::knowledge::Knowledge;
use crate::limits::EXPLAIN_LINE_BYTES_MAX;

/// One answer, as `--json` prints it.
#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    verdict: &'static str,
    tier: &'static str,
    /// 0 to 1: how sure the best sign is; of a name that lies, how much it looks like a lie.
    score: f64,
    /// Brand, method and distance tell of look-alikes; a list's entry has none of them.
    brand: Option<&'a str>,
    method: Option<&'static str>,
    distance: Option<u8>,
    list: Option<&'a str>,
    pattern: Option<&'a str>,
    tool: Option<&'a str>,
    role: Option<&'static str>,
    operator: Option<&'a str>,
    steps: &'a [String],
}

/// Run the command.
pub(crate) fn run(args: &ExplainArgs) -> Exit {
    let knowledge = match Knowledge::load_sound(&args.knowledge, true) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let asking = Asking { knowledge: &knowledge, at: now(), json: args.json };
    let asked = args.names.iter().try_for_each(|name| match name.as_str() {
        "-" => each_line(|line| asking.answer(line, &mut out)),
        name => asking.answer(name, &mut out),
    });
    match asked.and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

/// Each line of standard input, empty ones too. A line over the bound is cut there, so that it still
/// gets its answer: one object an input, in order.
fn each_line(mut act: impl FnMut(&str) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        crate::exit::tell(format_args!("rmmwatch: one name a line; Ctrl-D ends"));
    }
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut input).take(EXPLAIN_LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && read == EXPLAIN_LINE_BYTES_MAX {
            skip_line(&mut input)?;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        act(text)?;
    }
}

fn skip_line(input: &mut impl std::io::BufRead) -> std::io::Result<()> {
    loop {
        let waiting = input.fill_buf()?;
        let (used, ended) = match waiting.iter().position(|octet| *octet == b'\n') {
            Some(at) => (at + 1, true),
            None => (waiting.len(), waiting.is_empty()),
        };
        input.consume(used);
        if ended {
            return Ok(());
        }
    }
}

/// What all inputs of a run have in common.
struct Asking<'a> {
    knowledge: &'a Knowledge,
    /// When the name would be asked for: entries of lists expire.
    at: Timestamp,
    json: bool,
}

impl Asking<'_> {
    fn answer(&self, input: &str, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let mut told = self.knowledge.book.explain(input);
        let alone = self.knowledge.policy.alone(&told.matches, self.at);
        let (tier, best) = match self.best(&told) {
            Some(place) => (told.matches.get(place).map_or(Tier::None, tier), Some(place)),
            None => (Tier::None, None),
        };
        add_steps(&mut told, best, &alone, self.at);
        let best = best.and_then(|place| told.matches.get(place));
        let answer = Answer { tier: tier.word(), ..Answer::new(input, &told, best, &alone) };
        if self.json {
            serde_json::to_writer(&mut *out, &answer)?;
            return writeln!(out);
        }
        answer.print(out)
    }

    /// Where the sign stands that says most of the input: what alone makes an alert comes first,
    /// then what is worst to hear.
    fn best(&self, told: &Explanation) -> Option<usize> {
        let counts = |sign: &Match| {
            sign.specificity != Specificity::Generic && sign.source != SignSource::Port
        };
        let signs = told.matches.iter().enumerate().filter(|(_, sign)| counts(sign));
        signs
            .min_by_key(|(_, sign)| {
                let alone = self.knowledge.policy.alone(std::slice::from_ref(*sign), self.at);
                let quiet = !matches!(alone, Alone::Alert { .. });
                (quiet, tier(sign), std::cmp::Reverse(score_pct(sign)))
            })
            .map(|(place, _)| place)
    }
}

impl<'a> Answer<'a> {
    fn new(
        input: &'a str,
        told: &'a Explanation,
        best: Option<&'a Match>,
        alone: &Alone,
    ) -> Answer<'a> {
        let lure = best.and_then(lure);
        let (mut tool, mut role, mut operator) = (None, None, None);
        if let Some(Meaning::Tool { tool: id, role: what, operator: who, .. }) =
            best.map(|sign| &sign.meaning)
        {
            (tool, role) = (Some(id.as_str()), Some(what.word()));
            if let Operator::Named(name) = who {
                operator = Some(&**name);
            }
        }
        Answer {
            name: input,
            verdict: verdict(alone),
            tier: Tier::None.word(),
            score: best.map_or(0.0, |sign| f64::from(score_pct(sign)) / 100.0),
            brand: lure.and_then(|lure| lure.brand.as_ref()).map(|(id, _)| &**id),
            method: lure.map(|lure| lure.method),
            distance: lure.map(|lure| lure.distance),
            list: best.map(|sign| &*sign.list),
            pattern: best.map(|sign| &*sign.pattern),
            tool,
            role,
            operator,
            steps: &told.steps,
        }
    }

    fn print(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        write!(out, "{}: {}", printable(self.name), self.verdict)?;
        if self.tier != Tier::None.word() {
            write!(out, " ({}", self.tier)?;
            let words = [self.brand, self.method, self.tool, self.role, self.operator];
            for word in words.into_iter().flatten() {
                write!(out, ", {}", printable(word))?;
            }
            write!(out, ")")?;
        }
        writeln!(out)?;
        let mut steps = self.steps.iter().enumerate();
        steps.try_for_each(|(n, step)| writeln!(out, "  {}. {}", n + 1, printable(step)))
    }
}

/// What a sign says the input is.
fn tier(sign: &Match) -> Tier {
    match &sign.meaning {
        Meaning::Lure(lure) => match lure.kind {
            LureKind::Imitation => Tier::Imitation,
            LureKind::Lure => Tier::Lure,
        },
        // Whoever lists a vendor's servers says whose they are, and nothing bad of them.
        Meaning::Indicator { kind: ListKind::Vendor, .. } | Meaning::Tool { .. } => Tier::Rmm,
        Meaning::Indicator { .. } => Tier::Indicator,
    }
}

fn score_pct(sign: &Match) -> u8 {
    lure(sign).map_or(sign.confidence_pct, |lure| lure.score).min(100)
}

fn lure(sign: &Match) -> Option<&Lure> {
    match &sign.meaning {
        Meaning::Lure(lure) => Some(lure),
        Meaning::Tool { .. } | Meaning::Indicator { .. } => None,
    }
}

/// Put in how a name that lies reads, before the results, and the verdict behind all.
fn add_steps(told: &mut Explanation, best: Option<usize>, alone: &Alone, at: Timestamp) {
    for sign in &told.matches {
        let Some(lure) = lure(sign) else { continue };
        if lure.steps.first().is_some_and(|first| !told.steps.contains(first)) {
            let results = told.steps.len().saturating_sub(told.matches.len());
            told.steps.splice(results..results, lure.steps.iter().cloned());
        }
    }
    let best = best.and_then(|place| told.matches.get(place));
    told.steps.push(step(alone, best, at));
}

/// The wall clock: a name is explained as if it were asked for now.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs(), u64::from(since.subsec_nanos()))
}

fn verdict(alone: &Alone) -> &'static str {
    match alone {
        Alone::Alert { .. } => "alert",
        Alone::Log { .. } => "log",
        Alone::None => "none",
    }
}

fn step(alone: &Alone, best: Option<&Match>, at: Timestamp) -> String {
    match alone {
        Alone::Alert { rule_id, severity, why } => {
            let why = if why.is_empty() { "no rule allows it" } else { why };
            format!("verdict: alert by {rule_id}, {} ({}): {why}", severity.word(), severity.get())
        }
        Alone::Log { rule: Some(rule) } => format!("verdict: no alert: {rule}"),
        Alone::Log { rule: None } => {
            format!("verdict: noted, no alert: {}", best.map_or(TOO_COMMON, |sign| quiet(sign, at)))
        }
        Alone::None => "verdict: nothing".to_owned(),
    }
}

const TOO_COMMON: &str = "what everyone shows says nothing alone";

/// Why a sign makes no alert alone.
fn quiet(sign: &Match, at: Timestamp) -> &'static str {
    match &sign.meaning {
        Meaning::Tool { .. } => "it is no use of a tool",
        Meaning::Lure(_) => "the name alone is not enough",
        Meaning::Indicator { .. } if sign.meaning.is_expired(at) => "the list's entry has expired",
        Meaning::Indicator { kind: ListKind::Vendor, .. } => "a vendor's server is no attacker's",
        Meaning::Indicator { kind: ListKind::Young, .. } => "youth alone is no reason",
        Meaning::Indicator { .. } => "the entry is no name and no address of a server",
    }
}
