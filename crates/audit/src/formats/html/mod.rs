//! The report as one page that holds all it needs: no script, no picture and no type from outside.
//!
//! It can be read without a network, mailed, printed and kept. A policy in its head forbids every
//! request and every style but its own, so that even a mistake in escaping would do nothing.

mod axis;
mod chain;
mod elements;
mod matrix;
mod timeline;

use std::fmt::Write as _;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use self::elements::{escaped, facts, foreign, marked, table};
use super::sections;
use super::tables::{Table, Tone};
use crate::limits::{INCIDENTS_TOLD_MAX, PAGE_ROWS_MAX};
use crate::moment;
use crate::report::{Incident, Report};
use crate::uses::Use;

const STYLE: &str = include_str!("page.css");

/// The marks that tables and legends share.
const MARKS: &str = include_str!("marks.svg");

/// The whole page.
pub(crate) fn page(report: &Report) -> String {
    let mut out = String::with_capacity(64 << 10);
    head(report, &mut out);
    summary(report, &mut out);
    incidents(report, &mut out);
    uses(report, &mut out);
    hosts(report, &mut out);
    alerts(report, &mut out);
    new(report, &mut out);
    unused(report, &mut out);
    blind(report, &mut out);
    left_out(report, &mut out);
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        out,
        "</main>\n<footer><p>Made by rmmwatch {version} from records of packets that passed the \
         sensor. All times are UTC. <em>Unauthorised</em> means that no rule of the policy allows \
         the use; whether it does harm, people must find out.</p></footer>\n</body>\n</html>\n"
    );
    out
}

fn head(report: &Report, out: &mut String) {
    let digest = Sha256::digest(STYLE.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(digest);
    let title = title(report);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{MARKS}"
    );
    let _ = write!(
        out,
        "<header>\n<p class=\"eyebrow\">rmmwatch <span>remote-access audit</span></p>\n\
         <h1>{title}</h1>\n<p class=\"lede\">{}</p>\n",
        escaped(&report.sentence())
    );
    facts(&sections::heading(report), out);
    out.push_str("</header>\n<main>\n");
}

/// `Remote access, 20 to 21 November 2026`.
fn title(report: &Report) -> String {
    let Some(period) = report.period else { return "Remote access".to_owned() };
    let (start, end) = (moment::long_date(period.start), moment::long_date(period.end));
    if start == end {
        return format!("Remote access, {start}");
    }
    // The month and the year once, where both ends share them.
    let (day, month) = start.split_once(' ').unwrap_or((&start, ""));
    let shared = end.split_once(' ').is_some_and(|(_, other)| other == month);
    format!("Remote access, {} to {end}", if shared { day } else { &start })
}

fn summary(report: &Report, out: &mut String) {
    out.push_str("<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n");
    out.push_str("<ul class=\"tiles\">\n");
    let figures = sections::figures(report);
    let (large, small) = figures.split_at(figures.len().min(5));
    for (value, what, tone) in large {
        let (mark, class) = (elements::mark(*tone), elements::class(*tone));
        let _ = writeln!(
            out,
            "<li class=\"tile{class}\"><span class=\"value\">{mark}{value}</span> \
             <span class=\"what\">{what}</span></li>"
        );
    }
    out.push_str("</ul>\n<p class=\"further\">");
    for (place, (value, what, _)) in small.iter().enumerate() {
        let gap = if place > 0 { " · " } else { "" };
        let _ = write!(out, "{gap}<span><b>{value}</b> {what}</span>");
    }
    out.push_str("</p>\n</section>\n");
}

fn begin(id: &str, title: &str, count: usize, out: &mut String) {
    let counted = if count > 0 {
        format!(" <span class=\"count\">{}</span>", moment::number(count as u64))
    } else {
        String::new()
    };
    let _ =
        writeln!(out, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}{counted}</h2>");
}

fn said(text: &str, out: &mut String) {
    let _ = writeln!(out, "<p class=\"quiet\">{}</p>", escaped(text));
}

fn incidents(report: &Report, out: &mut String) {
    begin("incidents", "Incidents", report.incidents.len(), out);
    if report.incidents.is_empty() {
        said(sections::NO_INCIDENTS, out);
    }
    for (place, incident) in report.incidents.iter().take(INCIDENTS_TOLD_MAX).enumerate() {
        self::incident(place + 1, incident, out);
    }
    let more = report.incidents.len().saturating_sub(INCIDENTS_TOLD_MAX);
    if more > 0 {
        said(&format!("and {} more; JSON has all of them", moment::number(more as u64)), out);
    }
    out.push_str("</section>\n");
}

fn incident(number: usize, incident: &Incident, out: &mut String) {
    let alarm = &incident.alarm;
    let _ = write!(
        out,
        "<article class=\"incident\" aria-labelledby=\"incident-{number}\">\n\
         <h3 id=\"incident-{number}\">{} Incident {number}: {}</h3>\n<p>{}</p>\n",
        elements::mark(Tone::Incident),
        foreign(&sections::incident_line(alarm)),
        foreign(&alarm.reason),
    );
    facts(&sections::incident_facts(incident), out);
    chain::draw(number, incident, out);
    table(&sections::stages(incident), out);
    out.push_str("</article>\n");
}

fn uses(report: &Report, out: &mut String) {
    begin("uses", "Who uses what", report.uses.len(), out);
    if report.uses.is_empty() {
        said(sections::NO_USES, out);
    } else {
        legend(out);
        timeline::draw(report, out);
        use_table(&report.uses, out);
    }
    out.push_str("</section>\n");
}

fn legend(out: &mut String) {
    out.push_str("<p class=\"legend\">");
    for (tone, word) in [
        (Tone::Incident, "part of an incident"),
        (Tone::Unauthorised, "unauthorised: no rule allows it"),
        (Tone::Authorised, "authorised by a rule"),
    ] {
        let _ = write!(out, "<span>{}</span> ", marked(tone, word));
    }
    out.push_str("</p>\n");
}

/// The table of uses, with what belongs together in one cell: it must fit on a printed page.
fn use_table(uses: &[Use], out: &mut String) {
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Uses of remote access\">\n\
         <table class=\"uses\">\n<caption>Uses of remote access</caption>\n<thead><tr>\
         <th scope=\"col\">Standing</th><th scope=\"col\">Tool, operator</th>\
         <th scope=\"col\">Host, zone</th><th scope=\"col\">First, last</th>\
         <th scope=\"col\" class=\"n\">Sessions</th><th scope=\"col\" class=\"n\">Sent</th>\
         <th scope=\"col\" class=\"n\">Received</th><th scope=\"col\">Rule</th>\
         </tr></thead>\n<tbody>\n",
    );
    for one in uses.iter().take(PAGE_ROWS_MAX) {
        use_row(one, out);
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    rest(uses.len().saturating_sub(PAGE_ROWS_MAX), out);
}

fn use_row(one: &Use, out: &mut String) {
    let usage = &one.usage;
    let (word, tone) = sections::standing(one);
    let _ = write!(out, "<tr><td>{}", marked(tone, word));
    if let Some(severity) = one.severity {
        let _ = write!(out, "<small>{} {}</small>", severity.word(), severity.get());
    }
    let _ = write!(out, "</td><td><b>{}</b>", foreign(&usage.tool.1));
    for (fits, tag) in [(one.new == Some(true), "new"), (usage.inbound, "inbound")] {
        if fits {
            let _ = write!(out, " <span class=\"tag\">{tag}</span>");
        }
    }
    let operator = usage.operator.as_deref().map_or_else(
        || "<small class=\"quiet\">operator not shown</small>".to_owned(),
        |operator| format!("<small class=\"wire\">{}</small>", foreign(operator)),
    );
    let _ = write!(
        out,
        "{operator}</td><td><span class=\"wire\">{}</span>",
        foreign(&usage.host.to_string())
    );
    if let Some(name) = sections::name(&usage.identity) {
        let _ = write!(out, "<small>{}</small>", foreign(&name));
    }
    if let Some(zone) = &usage.zone {
        let _ = write!(out, "<small class=\"quiet\">{}</small>", foreign(zone));
    }
    let (first, last) = (moment::to_minute(usage.first), moment::to_minute(usage.last));
    let _ = write!(out, "</td><td class=\"t\">{first}<small>{last}</small></td>");
    let (sent, received) = one.octets().unzip();
    for number in
        [one.sessions().map(moment::number), sent.map(moment::octets), received.map(moment::octets)]
    {
        let _ = write!(out, "<td class=\"n\">{}</td>", number.unwrap_or_else(|| "–".to_owned()));
    }
    let _ = writeln!(out, "<td class=\"wire\">{}</td></tr>", foreign(&usage.rule));
}

fn rest(more: usize, out: &mut String) {
    if more > 0 {
        let more = moment::number(more as u64);
        said(&format!("and {more} more; CSV and JSON have every row"), out);
    }
}

fn hosts(report: &Report, out: &mut String) {
    begin("hosts", "Hosts by number of tools", report.hosts.len(), out);
    if report.hosts.is_empty() {
        said(sections::NO_USES, out);
    } else {
        matrix::draw(report, out);
        table(&sections::hosts(&report.hosts, PAGE_ROWS_MAX), out);
    }
    out.push_str("</section>\n");
}

fn alerts(report: &Report, out: &mut String) {
    let rows = sections::alerts(&report.alerts, PAGE_ROWS_MAX);
    section("alerts", "Further alerts", sections::NO_ALERTS, &rows, out);
}

fn new(report: &Report, out: &mut String) {
    let none = sections::no_new(report);
    section("new", "New in this period", none, &sections::new(&report.uses, PAGE_ROWS_MAX), out);
}

fn unused(report: &Report, out: &mut String) {
    let none = if report.unused.is_none() { sections::NO_POLICY } else { sections::NO_UNUSED };
    let rules = report.unused.as_deref().unwrap_or_default();
    let rows = sections::unused(rules, PAGE_ROWS_MAX);
    section("unused", "Rules without a use", none, &rows, out);
}

fn blind(report: &Report, out: &mut String) {
    section("blind", "Blind spots", sections::NO_HEALTH, &sections::blind(&report.blind), out);
}

fn section(id: &str, title: &str, none: &str, rows: &Table, out: &mut String) {
    let count = if id == "blind" { 0 } else { rows.rows.len() + rows.more };
    begin(id, title, count, out);
    if rows.rows.is_empty() {
        said(none, out);
    } else {
        table(rows, out);
    }
    out.push_str("</section>\n");
}

fn left_out(report: &Report, out: &mut String) {
    if report.left_out.is_empty() && report.refused_first.is_empty() {
        return;
    }
    begin("left-out", "What this report leaves out", 0, out);
    out.push_str("<ul class=\"notes\">\n");
    for said in &report.left_out {
        let _ = writeln!(out, "<li>{}</li>", escaped(said));
    }
    for line in &report.refused_first {
        let (place, why) = (foreign(&line.place), foreign(&line.why));
        let _ = writeln!(out, "<li>Refused: <span class=\"wire\">{place}</span>: {why}</li>");
    }
    let more = report.lines.refused.saturating_sub(report.refused_first.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "<li>and {} lines more</li>", moment::number(more));
    }
    out.push_str("</ul>\n</section>\n");
}
