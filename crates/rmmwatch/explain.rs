//! `rmmwatch explain`: what the sensor would make of a name or an address, and why.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use detect::Alone;
use intel::{Explanation, Tier};
use model::{Match, Meaning, Operator};
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
    /// 0 to 1: how sure the best sign is.
    score: f64,
    /// Brand and method tell of look-alikes; a list's entry has neither.
    brand: Option<&'a str>,
    method: Option<&'a str>,
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
    let asked = args.names.iter().try_for_each(|name| match name.as_str() {
        "-" => each_line(|line| answer(&knowledge, line, args.json, &mut out)),
        name => answer(&knowledge, name, args.json, &mut out),
    });
    match asked.and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

/// Each line of standard input, empty ones too. A line over the bound is cut there, so that it still gets its
/// answer: one object an input, in order.
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

fn answer(
    knowledge: &Knowledge,
    input: &str,
    json: bool,
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let mut told = knowledge.book.explain(input);
    let alone = knowledge.policy.alone(&told.matches);
    told.steps.push(step(&alone));
    let best = best(&told);
    let (mut tool, mut role, mut operator) = (None, None, None);
    if let Some(Meaning::Tool { tool: id, role: what, operator: who, .. }) =
        best.map(|sign| &sign.meaning)
    {
        (tool, role) = (Some(id.as_str()), Some(what.word()));
        if let Operator::Named(name) = who {
            operator = Some(&**name);
        }
    }
    let answer = Answer {
        name: input,
        verdict: verdict(&alone),
        tier: told.tier.word(),
        score: best.map_or(0.0, |sign| f64::from(sign.confidence_pct) / 100.0),
        brand: None,
        method: None,
        list: best.map(|sign| &*sign.list),
        pattern: best.map(|sign| &*sign.pattern),
        tool,
        role,
        operator,
        steps: &told.steps,
    };
    if json {
        serde_json::to_writer(&mut *out, &answer)?;
        return writeln!(out);
    }
    write!(out, "{}: {}", printable(input), answer.verdict)?;
    if told.tier != Tier::None {
        write!(out, " ({}", answer.tier)?;
        for word in [tool, role, operator].into_iter().flatten() {
            write!(out, ", {word}")?;
        }
        write!(out, ")")?;
    }
    writeln!(out)?;
    told.steps
        .iter()
        .enumerate()
        .try_for_each(|(n, step)| writeln!(out, "  {}. {}", n + 1, printable(step)))
}

/// The sign that the tier stands on.
fn best(told: &Explanation) -> Option<&Match> {
    let fits = |sign: &&Match| match told.tier {
        Tier::Indicator => matches!(sign.meaning, Meaning::Indicator { .. }),
        Tier::Imitation | Tier::Lure => matches!(sign.meaning, Meaning::Lure(_)),
        Tier::Rmm => matches!(sign.meaning, Meaning::Tool { .. }),
        Tier::None => false,
    };
    told.matches.iter().filter(fits).max_by_key(|sign| sign.confidence_pct)
}

fn verdict(alone: &Alone) -> &'static str {
    match alone {
        Alone::Alert { .. } => "alert",
        Alone::Log { .. } => "log",
        Alone::None => "none",
    }
}

fn step(alone: &Alone) -> String {
    match alone {
        Alone::Alert { rule_id, severity, why } => {
            let why = if why.is_empty() { "no rule allows it" } else { why };
            format!("verdict: alert by {rule_id}, {} ({}): {why}", severity.word(), severity.get())
        }
        Alone::Log { rule: Some(rule) } => format!("verdict: no alert: {rule}"),
        Alone::Log { rule: None } => "verdict: noted, no alert: it is no use of a tool".to_owned(),
        Alone::None => "verdict: nothing".to_owned(),
    }
}
