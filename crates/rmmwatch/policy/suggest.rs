//! `rmmwatch policy suggest`: a starting policy, learned from records.

use std::net::IpAddr;

use detect::{Learned, SuggestOptions};
use model::{Detection, ToolId};
use records::Told;

use super::{print, read_records};
use crate::cli::PolicySuggestArgs;
use crate::exit::{Exit, fail, tell};
use crate::knowledge::Knowledge;

/// Run the command.
pub(super) fn run(args: &PolicySuggestArgs) -> Exit {
    let options = match SuggestOptions::new(&args.tz, args.hosts) {
        Ok(options) => options,
        Err(why) => return fail(Exit::Usage, &format_args!("--tz: {why}")),
    };
    let knowledge = match Knowledge::load_sound(&args.knowledge, true) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let (told, exit) = match read_records(&args.records) {
        Ok(told) => told,
        Err(exit) => return exit,
    };
    let known: Vec<&str> = knowledge.book.tools().iter().map(|tool| tool.id.as_str()).collect();
    let incidents = incidents(&told);
    let learned =
        Learned { usages: &told.usages, hours: &told.hours, incidents: &incidents, tools: &known };
    let suggestion = knowledge.policy.suggest(&learned, &options);
    if told.usages.is_empty() {
        let lines = told.lines;
        tell(format_args!(
            "rmmwatch: no use of a tool in {lines} lines; records of `--observations` or \
             `--health` tell uses"
        ));
    }
    if told.usages_left_out > 0 {
        let left_out = told.usages_left_out;
        tell(format_args!("rmmwatch: no room for {left_out} rows of uses: the policy lacks them"));
    }
    tell(format_args!(
        "rmmwatch: {} rules, {} as comments to be thought about, {} uses allowed already",
        suggestion.rules, suggestion.commented, suggestion.allowed
    ));
    print(|out| {
        out.write_all(suggestion.text.as_bytes())?;
        Ok(exit)
    })
}

/// The hosts of incidents, and their tools.
fn incidents(told: &Told) -> Vec<(IpAddr, Option<ToolId>)> {
    let campaigns = told.alerts.iter().filter(|alert| alert.detection == Detection::Campaign);
    campaigns
        .flat_map(|alert| {
            let tool = alert.tool.as_ref().map(|(tool, _)| tool.clone());
            let hosts = std::iter::once(alert.host).chain(alert.hosts.iter().copied());
            hosts.map(move |host| (host, tool.clone()))
        })
        .collect()
}
