//! `rmmwatch policy explain`: which rule decides on a use, and why each other does not.

use std::io::Write;

use detect::{Account, Outcome, RuleAccount, Topic, Visit, moment_text};
use intel::Asked;
use model::{Role, ToolId, VlanId};
use serde::Serialize;

use super::print;
use crate::cli::PolicyExplainArgs;
use crate::exit::{Exit, printable};
use crate::explain::now;
use crate::knowledge::Knowledge;

/// The answer, as `--json` prints it.
#[derive(Serialize)]
struct Answer<'a> {
    src: String,
    vlan: Option<u16>,
    inside: bool,
    zone: Option<&'a str>,
    at: String,
    name: &'a str,
    /// What is to be said where there is no account, or only one of what might be.
    note: Option<String>,
    accounts: Vec<AccountShown<'a>>,
}

#[derive(Serialize)]
struct AccountShown<'a> {
    topic: &'static str,
    tool: Option<&'a str>,
    role: Option<&'static str>,
    operators: Vec<&'a str>,
    /// `allowed`, `suppressed`, `unauthorised`; `none` where nothing is told of it in any case
    verdict: &'static str,
    /// The rule that decides; nothing decides on what is unauthorised.
    rule: Option<&'a str>,
    why: Option<&'a str>,
    /// The alert that it is, or would be without the rule.
    alert: Option<AlertShown<'a>>,
    rules: Vec<RuleShown<'a>>,
}

#[derive(Serialize)]
struct AlertShown<'a> {
    rule_id: &'a str,
    severity: u8,
}

#[derive(Serialize)]
struct RuleShown<'a> {
    rule: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    owner: Option<&'a str>,
    reason: Option<&'a str>,
    fits: bool,
    decides: bool,
    behind_at: Option<&'static str>,
    lacks: Vec<Clause<'a>>,
    looks: Vec<Clause<'a>>,
}

#[derive(Serialize)]
struct Clause<'a> {
    key: &'static str,
    text: &'a str,
}

/// Run the command.
pub(super) fn run(args: &PolicyExplainArgs) -> Exit {
    let knowledge = match Knowledge::load_sound(&args.knowledge, true) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let mut visit = Visit {
        host: args.src.to_canonical(),
        vlan: args.vlan.map(VlanId::from_tag),
        peer: None,
        at: args.at.unwrap_or_else(now),
    };
    let (accounts, note) = accounts(&knowledge, &mut visit, args.name.trim());
    let zone = knowledge.policy.zone_of(visit.host, visit.vlan);
    let answer = Answer {
        src: args.src.to_string(),
        vlan: args.vlan,
        inside: knowledge.policy.is_inside(visit.host),
        zone: zone.map(|zone| &**zone),
        at: moment_text(visit.at),
        name: &args.name,
        note,
        accounts: accounts.iter().map(AccountShown::new).collect(),
    };
    print(|out| {
        if args.json {
            serde_json::to_writer(&mut *out, &answer)?;
            writeln!(out)?;
        } else {
            answer.write(out)?;
        }
        Ok(Exit::Done)
    })
}

/// What the policy says of a name, and what is to be said beside it.
fn accounts(
    knowledge: &Knowledge,
    visit: &mut Visit,
    name: &str,
) -> (Vec<Account>, Option<String>) {
    let Knowledge { book, policy, .. } = knowledge;
    if let Some(tool) = book.tools().iter().find(|tool| tool.id.as_str() == name) {
        let note = "the tool by itself, whose tenant it is not showing".to_owned();
        return (vec![policy.account_of_tool(visit, &tool.id, None)], Some(note));
    }
    let told = book.explain(name);
    let operator = match &told.asked {
        Asked::Name(name) => Some(name.as_str().to_owned()),
        Asked::Address(ip) => Some(ip.to_canonical().to_string()),
        Asked::End(end) => Some(end.ip.to_canonical().to_string()),
        Asked::Nothing => None,
    };
    match &told.asked {
        Asked::Address(ip) => visit.peer = Some(*ip),
        Asked::End(end) => visit.peer = Some(end.ip),
        Asked::Name(_) | Asked::Nothing => {}
    }
    let mut accounts = policy.accounts(visit, &told.matches);
    let known = |tool: &ToolId, all: &[Account]| {
        all.iter().any(|account| account.tool.as_ref() == Some(tool))
    };
    // A server that anyone may run is known to the policy alone.
    let named = operator.as_deref().map(|name| policy.tools_of_operator(name));
    for tool in named.unwrap_or_default() {
        if !known(&tool, &accounts) {
            accounts.push(policy.account_of_tool(visit, &tool, operator.as_deref()));
        }
    }
    let note = match (&told.asked, told.matches.is_empty(), accounts.is_empty()) {
        (Asked::Nothing, ..) => Some("it is no name, no address and no tool's id".to_owned()),
        (_, true, true) => {
            Some("nothing is known of it, and no rule names it: the policy is not asked".to_owned())
        }
        (_, true, false) => Some(
            "nothing is known of it; should a tool show itself there by what passes:".to_owned(),
        ),
        _ => None,
    };
    (accounts, note)
}

impl<'a> AccountShown<'a> {
    fn new(account: &'a Account) -> AccountShown<'a> {
        // Of what nobody is told the policy is not asked.
        let (verdict, rule, why) = match (&account.alert, &account.outcome) {
            (None, _) => ("none", None, None),
            (_, Outcome::Allowed(rule) | Outcome::Suppressed(rule)) => {
                (account.outcome.word(), Some(&**rule), None)
            }
            (_, Outcome::Denied(why)) => (account.outcome.word(), None, Some(&**why)),
        };
        AccountShown {
            topic: match account.topic {
                Topic::Tool => "tool",
                Topic::Indicator => "indicator",
                Topic::Lure => "lure",
            },
            tool: account.tool.as_ref().map(ToolId::as_str),
            role: account.role.map(Role::word),
            operators: account.operators.iter().map(|name| &**name).collect(),
            verdict,
            rule,
            why,
            alert: account
                .alert
                .as_ref()
                .map(|(rule_id, severity)| AlertShown { rule_id, severity: severity.get() }),
            rules: account.rules.iter().map(RuleShown::new).collect(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write!(out, "\n{}", self.tool.unwrap_or(self.topic))?;
        if let Some(role) = self.role {
            write!(out, " ({role})")?;
        }
        match self.operators.as_slice() {
            [] => write!(out, ", whose tenant does not show")?,
            names => write!(out, ", known as {}", printable(&names.join(", ")))?,
        }
        write!(out, ": {}", self.verdict)?;
        match (self.rule, self.why) {
            (Some(rule), _) => writeln!(out, " by {rule}")?,
            (None, Some(why)) => writeln!(out, ": {}", printable(why))?,
            (None, None) => writeln!(out, ", not asked of the policy")?,
        }
        match (&self.alert, self.rule) {
            (Some(AlertShown { rule_id, severity }), None) => {
                writeln!(out, "  told as {rule_id}, severity {severity}")?;
            }
            (Some(AlertShown { rule_id, .. }), Some(_)) => {
                writeln!(out, "  no alert; it would be {rule_id}")?;
            }
            (None, _) => writeln!(out, "  no use of a tool, and nothing that is told of")?,
        }
        if self.rules.is_empty() {
            return writeln!(out, "  the policy has no rules");
        }
        let decider = self.rules.iter().find(|rule| rule.decides).map(|rule| rule.rule);
        let mut rules = self.rules.iter().enumerate();
        rules.try_for_each(|(number, rule)| rule.write(number + 1, decider, out))
    }
}

impl<'a> RuleShown<'a> {
    fn new(rule: &'a RuleAccount) -> RuleShown<'a> {
        let clauses = |all: &'a [(&'static str, String)]| {
            all.iter().map(|(key, text)| Clause { key, text }).collect()
        };
        let (file, line, column) = &rule.place;
        RuleShown {
            rule: &rule.label,
            file,
            line: *line,
            column: *column,
            owner: rule.owner.as_deref(),
            reason: rule.reason.as_deref(),
            fits: rule.lacks.is_empty(),
            decides: rule.decides,
            behind_at: rule.behind_at,
            lacks: clauses(&rule.lacks),
            looks: clauses(&rule.looks),
        }
    }

    fn write(
        &self,
        number: usize,
        decider: Option<&str>,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        let RuleShown { rule, file, line, column, .. } = self;
        write!(out, "  {number}. {rule}")?;
        if let Some(owner) = self.owner {
            write!(out, " of {}", printable(owner))?;
        }
        write!(out, " ({}:{line}:{column}) ", printable(file))?;
        match (self.decides, self.behind_at, decider) {
            (true, ..) => writeln!(out, "fits, and decides")?,
            (false, Some(key), Some(ahead)) => {
                writeln!(out, "fits, but {ahead} looks more closely: {}", step(key))?;
            }
            _ if self.fits => writeln!(out, "fits")?,
            _ => writeln!(out, "does not fit")?,
        }
        if self.fits {
            let looks: Vec<String> =
                self.looks.iter().map(|look| format!("{}: {}", look.key, look.text)).collect();
            return writeln!(out, "     {}", printable(&looks.join("; ")));
        }
        let mut lacks = self.lacks.iter();
        lacks.try_for_each(|lack| writeln!(out, "     {}: {}", lack.key, printable(lack.text)))
    }
}

/// At which comparison a rule fell behind, as a clause.
fn step(key: &str) -> String {
    match key {
        "kind" => "`allow` comes before `suppress`".to_owned(),
        "order" => "it was written first".to_owned(),
        key => format!("compared by `{key}`"),
    }
}

impl Answer<'_> {
    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write!(out, "{}", self.src)?;
        match (self.zone, self.inside) {
            (Some(zone), _) => write!(out, ", zone {}", printable(zone))?,
            (None, true) => write!(out, ", in no zone")?,
            (None, false) => write!(out, ", which is not inside")?,
        }
        writeln!(out, ", at {}: {}", self.at, printable(&self.name.replace('\n', "\\n")))?;
        if let Some(note) = &self.note {
            writeln!(out, "{note}")?;
        }
        self.accounts.iter().try_for_each(|account| account.write(out))
    }
}
