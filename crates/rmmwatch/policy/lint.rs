//! `rmmwatch policy lint`: what is wrong with the policy, or worth a look.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use detect::{Level, Lint, LintOptions, Remark};
use records::Told;
use serde::Serialize;

use super::{print, read_records};
use crate::cli::PolicyLintArgs;
use crate::exit::{Exit, printable};
use crate::explain::now;
use crate::knowledge::Knowledge;

/// The answer, as `--json` prints it.
#[derive(Serialize)]
struct Answer<'a> {
    errors: usize,
    warnings: usize,
    notes: usize,
    left_out: u64,
    /// Whether records told how often rules decided.
    records: bool,
    /// Rules that the records tell of and the policy lacks.
    foreign_rules: Vec<&'a str>,
    remarks: Vec<RemarkShown<'a>>,
}

#[derive(Serialize)]
struct RemarkShown<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    level: &'static str,
    code: &'static str,
    why: &'a str,
    fix: &'a str,
}

/// Run the command.
pub(super) fn run(args: &PolicyLintArgs) -> Exit {
    let knowledge = match Knowledge::load(&args.knowledge) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let (told, read) = match read_records(&args.records) {
        Ok(told) => told,
        Err(exit) => return exit,
    };
    let uses = (!args.records.is_empty()).then(|| uses(&told));
    let known: Vec<&str> = knowledge.book.tools().iter().map(|tool| tool.id.as_str()).collect();
    let options =
        LintOptions { tools: &known, at: args.at.unwrap_or_else(now), uses: uses.as_ref() };
    let mut lint = knowledge.policy.lint(&options);
    for complaint in &knowledge.policy_complaints {
        // Of tools that are unknown the lint itself speaks.
        if !lint.remarks.iter().any(|remark| remark.complaint == *complaint) {
            let complaint = complaint.clone();
            lint.remarks.push(Remark { level: Level::Error, code: "policy", complaint });
        }
    }
    lint.remarks.sort_by(|one, other| one.complaint.cmp(&other.complaint));
    let bad = lint.count(Level::Error) > 0 || args.strict && lint.count(Level::Warning) > 0;
    let exit = if bad { Exit::Usage } else { read };
    print(|out| {
        write(&lint, args.json, uses.is_some(), out)?;
        Ok(exit)
    })
}

/// How often each rule decided, by all that the records tell.
fn uses(told: &Told) -> BTreeMap<Arc<str>, u64> {
    let mut uses: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut add = |rule: &Arc<str>, count: u64| {
        // A verdict without a rule names none.
        if rule.contains('[') {
            let known = uses.entry(Arc::clone(rule)).or_default();
            *known = known.saturating_add(count);
        }
    };
    for health in &told.health {
        health.rules.iter().for_each(|rule| add(&rule.rule, rule.uses));
        health.authorised.iter().for_each(|(rule, count)| add(rule, *count));
    }
    told.usages.iter().for_each(|usage| add(&usage.rule, 1));
    uses
}

fn write(lint: &Lint, json: bool, records: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let (errors, warnings, notes) =
        (lint.count(Level::Error), lint.count(Level::Warning), lint.count(Level::Note));
    if json {
        let answer = Answer {
            errors,
            warnings,
            notes,
            left_out: lint.left_out,
            records,
            foreign_rules: lint.foreign_rules.iter().map(|rule| &**rule).collect(),
            remarks: lint.remarks.iter().map(RemarkShown::new).collect(),
        };
        serde_json::to_writer(&mut *out, &answer)?;
        return writeln!(out);
    }
    for remark in &lint.remarks {
        let RemarkShown { file, line, column, level, code, why, fix } = RemarkShown::new(remark);
        let (file, why, fix) = (printable(file), printable(why), printable(fix));
        writeln!(out, "{file}:{line}:{column}: {level}: {why}; {fix} [{code}]")?;
    }
    if lint.left_out > 0 {
        writeln!(out, "and {} more", lint.left_out)?;
    }
    for rule in &lint.foreign_rules {
        writeln!(out, "the records tell of {}, which this policy lacks", printable(rule))?;
    }
    if !records {
        writeln!(
            out,
            "which rules never decide cannot be told without records of health or inventory"
        )?;
    }
    let plural = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    writeln!(
        out,
        "{}, {}, {}",
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(notes, "note")
    )
}

impl<'a> RemarkShown<'a> {
    fn new(remark: &'a Remark) -> RemarkShown<'a> {
        let complaint = &remark.complaint;
        RemarkShown {
            file: &complaint.file,
            line: complaint.line,
            column: complaint.column,
            level: remark.level.word(),
            code: remark.code,
            why: &complaint.why,
            fix: &complaint.fix,
        }
    }
}
