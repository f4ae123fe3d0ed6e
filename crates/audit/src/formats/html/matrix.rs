//! Hosts and tools as a picture: which host uses which, and whether it may.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use model::ToolId;

use super::elements::escaped;
use crate::formats::sections;
use crate::formats::tables::Tone;
use crate::hosts::HostRow;
use crate::limits::{MATRIX_HOSTS_MAX, MATRIX_TOOLS_MAX};
use crate::moment;
use crate::plain::shortened;
use crate::report::Report;

/// Room for the tools' names, which stand aslant.
const TOP: f64 = 118.0;
/// Room for the last of them to lean into.
const LEAN: f64 = 96.0;
const CELL: f64 = 26.0;
/// About how wide a character of a label is.
const CHAR: f64 = 8.0;
const LABEL_CHARS: usize = 40;
const TOOL_CHARS: usize = 20;

/// Draw it.
pub(crate) fn draw(report: &Report, out: &mut String) {
    let hosts = report.hosts.get(..report.hosts.len().min(MATRIX_HOSTS_MAX)).unwrap_or_default();
    let tools = report.tools.get(..report.tools.len().min(MATRIX_TOOLS_MAX)).unwrap_or_default();
    if hosts.is_empty() || tools.is_empty() {
        return;
    }
    let mut standing: HashMap<(IpAddr, &ToolId), Tone> = HashMap::new();
    // The worst comes first among uses, so the first one stands.
    for one in &report.uses {
        let key = (one.usage.host, &one.usage.tool.0);
        standing.entry(key).or_insert_with(|| sections::standing(one).1);
    }
    let labels: Vec<(String, String)> = hosts.iter().map(label).collect();
    let longest = labels.iter().map(|(name, ip)| name.chars().count() + ip.len() + 1).max();
    let left = 10.0 + CHAR * longest.unwrap_or(0) as f64;
    let right = left + CELL * tools.len() as f64;
    let (width, height) = (right + LEAN, TOP + CELL * hosts.len() as f64 + 8.0);
    let figures = &report.figures;
    let _ = writeln!(
        out,
        "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Picture of hosts and tools\">\n\
         <svg class=\"pic\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"matrix-t matrix-d\">\n\
         <title id=\"matrix-t\">Hosts and tools</title>\n\
         <desc id=\"matrix-d\">{} hosts and {} tools; a diamond is part of an incident, a disc is \
         unauthorised, a ring authorised. The table below says the same in words.</desc>",
        figures.hosts, figures.tools,
    );
    for (place, tool) in tools.iter().enumerate() {
        let x = left + CELL * (place as f64 + 0.5);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\
             <text class=\"label\" transform=\"translate({:.1} {:.1}) rotate(-50)\">{}</text>",
            height - 8.0,
            x + 3.0,
            TOP - 8.0,
            escaped(&shortened(&tool.name, TOOL_CHARS)),
        );
    }
    out.push('\n');
    for (place, (host, (name, ip))) in hosts.iter().zip(&labels).enumerate() {
        let y = TOP + CELL * (place as f64 + 0.5);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{right:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"label end\" x=\"{:.1}\" y=\"{:.1}\">\
             <tspan class=\"faint\">{}</tspan> {ip}\
             </text>",
            left - 6.0,
            y + 4.0,
            escaped(name),
        );
        for (column, tool) in tools.iter().enumerate() {
            let Some(tone) = standing.get(&(host.host, &tool.tool)) else { continue };
            let x = left + CELL * (column as f64 + 0.5);
            out.push_str(&shape(*tone, x, y));
        }
        out.push('\n');
    }
    out.push_str("</svg>\n</div>\n");
    let more = [
        (report.hosts.len() - hosts.len(), "host", "hosts"),
        (report.tools.len() - tools.len(), "tool", "tools"),
    ];
    let more: Vec<String> = more
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| moment::counted(*count as u64, one, many))
        .collect();
    if !more.is_empty() {
        let _ = writeln!(out, "<figcaption>Not drawn: {} more.</figcaption>", more.join(" and "));
    }
    out.push_str("</figure>\n");
}

/// A host's name and its address, short enough for their place.
fn label(host: &HostRow) -> (String, String) {
    let ip = host.host.to_string();
    let room = LABEL_CHARS.saturating_sub(ip.len() + 1);
    let name = sections::name(&host.identity).filter(|_| room > 6);
    (name.map_or_else(String::new, |name| shortened(&name, room)), ip)
}

fn shape(tone: Tone, x: f64, y: f64) -> String {
    match tone {
        Tone::Incident => {
            format!("<path class=\"diamond\" d=\"M{x:.1} {:.1}l8 8-8 8-8-8Z\"/>", y - 8.0)
        }
        Tone::Unauthorised => {
            format!("<circle class=\"bar unauthorised\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6.5\"/>")
        }
        _ => format!("<circle class=\"bar authorised\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.75\"/>"),
    }
}
