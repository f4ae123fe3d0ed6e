//! The period as a picture: incidents and uses as lines from their first to their last sign.

use std::fmt::Write as _;

use super::axis::Axis;
use super::elements::escaped;
use crate::figures::Period;
use crate::formats::sections;
use crate::formats::tables::Tone;
use crate::limits::{PICTURE_INCIDENTS_MAX, PICTURE_USES_MAX, STAGES_TOLD_MAX};
use crate::moment;
use crate::plain::shortened;
use crate::report::{Incident, Report};
use crate::uses::Use;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = 980.0;
const TOP: f64 = 44.0;
const ROW: f64 = 22.0;
/// Characters of a label before the lines.
const LABEL_CHARS: usize = 46;
/// The part of the period that the picture shows of it all, at least: less would be a dot.
const PART_MIN: u32 = 20;
/// Columns of the picture of all uses, and how high the highest is.
const SLOTS: usize = 65;
const COLUMNS: f64 = 56.0;

/// Draw it.
pub(crate) fn draw(report: &Report, out: &mut String) {
    let Some(period) = report.period else { return };
    let shown = worth_showing(report, period);
    let axis = Axis::new(shown.start, shown.end, LEFT, RIGHT);
    let incidents = report.incidents.get(..report.incidents.len().min(PICTURE_INCIDENTS_MAX));
    let incidents = incidents.unwrap_or_default();
    let uses = report.uses.get(..report.uses.len().min(PICTURE_USES_MAX)).unwrap_or_default();
    // Columns are worth their place only where lines cannot show every use.
    let columns = if report.uses.len() > uses.len() { COLUMNS + 14.0 } else { 0.0 };
    let lines_top = TOP + 4.0 + columns;
    let bottom = lines_top + ROW * (incidents.len() + uses.len()) as f64;
    let height = bottom + 8.0;
    let figures = &report.figures;
    let _ = writeln!(
        out,
        "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Picture of the period\">\n\
         <svg class=\"pic\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"period-t period-d\">\n\
         <title id=\"period-t\">Uses and incidents over the period</title>\n\
         <desc id=\"period-d\">{} incidents, {} unauthorised and {} authorised uses from {} to {}. \
         The table below has each with its first and last sign.</desc>",
        figures.incidents,
        figures.uses_unauthorised,
        figures.uses_authorised,
        moment::to_second(period.start),
        moment::to_second(period.end),
    );
    axis.draw(TOP - 12.0, bottom, out);
    if columns > 0.0 {
        draw_columns(&report.uses, &axis, out);
    }
    let rows = incidents.len();
    for (place, incident) in incidents.iter().enumerate() {
        draw_incident(place, incident, &axis, lines_top + ROW * (place as f64 + 0.5), out);
    }
    for (place, one) in uses.iter().enumerate() {
        draw_use(one, &axis, lines_top + ROW * ((rows + place) as f64 + 0.5), out);
    }
    out.push_str("</svg>\n</div>\n");
    let more = [
        (report.incidents.len() - incidents.len(), "incident", "incidents"),
        (report.uses.len() - uses.len(), "use", "uses"),
    ];
    let more: Vec<String> = more
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| moment::counted(*count as u64, one, many))
        .collect();
    if !more.is_empty() {
        let _ = writeln!(
            out,
            "<figcaption>Not drawn as lines: {} more.</figcaption>",
            more.join(" and ")
        );
    }
    out.push_str("</figure>\n");
}

/// The period; where all that is told lies within a small part of it, only that part.
fn worth_showing(report: &Report, period: Period) -> Period {
    let uses = report.uses.iter().map(|one| (one.usage.first, one.usage.last));
    let incidents = report.incidents.iter().map(|one| (one.alarm.start, one.alarm.end));
    let told = uses.chain(incidents).map(|(start, end)| Period { start, end });
    let Some(told) = told.reduce(Period::joined) else { return period };
    let told = Period {
        start: told.start.clamp(period.start, period.end),
        end: told.end.clamp(period.start, period.end),
    };
    let (part, all) = (told.end.since(told.start), period.end.since(period.start));
    if part.saturating_mul(PART_MIN) < all { told } else { period }
}

/// How many uses were between their first and last sign, slot by slot.
fn draw_columns(uses: &[Use], axis: &Axis, out: &mut String) {
    // What begins and ends in each slot; the sum so far is what goes on.
    let mut edges = [[0i64; SLOTS + 1]; 2];
    for one in uses {
        let usage = &one.usage;
        let kind = edges.get_mut(usize::from(usage.authorised));
        let Some(kind) = kind else { continue };
        if let Some(begun) = kind.get_mut(axis.slot_of(usage.first, SLOTS)) {
            *begun += 1;
        }
        if let Some(over) = kind.get_mut(axis.slot_of(usage.last, SLOTS) + 1) {
            *over -= 1;
        }
    }
    let [unauthorised, authorised] = edges.map(|edges| {
        let mut sum = 0;
        edges.map(|edge| {
            sum += edge;
            sum
        })
    });
    let both = unauthorised.iter().zip(&authorised).take(SLOTS);
    let most = both.clone().map(|(one, two)| one + two).max().unwrap_or(0).max(1);
    let base = TOP + COLUMNS;
    let slot = (RIGHT - LEFT) / SLOTS as f64;
    for (place, (bad, good)) in both.enumerate() {
        let x = LEFT + slot * place as f64 + 0.75;
        let wide = slot - 1.5;
        let high = |count: i64| (COLUMNS - 6.0) * count as f64 / most as f64;
        let (bad, good) = (high(*bad), high(*good));
        let _ = write!(
            out,
            "<rect class=\"bar unauthorised\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" \
             height=\"{bad:.1}\"/><rect class=\"bar authorised\" x=\"{x:.1}\" y=\"{:.1}\" \
             width=\"{wide:.1}\" height=\"{good:.1}\"/>",
            base - bad,
            base - bad - good,
        );
    }
    let _ = writeln!(
        out,
        "<line class=\"base\" x1=\"{LEFT}\" y1=\"{base}\" x2=\"{RIGHT}\" y2=\"{base}\"/>\
         <text class=\"label end\" x=\"{:.1}\" y=\"{:.1}\">all uses, at most {} at once</text>",
        LEFT - 14.0,
        base - 4.0,
        moment::number(most.unsigned_abs()),
    );
}

fn draw_incident(place: usize, incident: &Incident, axis: &Axis, y: f64, out: &mut String) {
    let alarm = &incident.alarm;
    let line = sections::incident_line(alarm);
    let (start, end) = (axis.place(alarm.start), axis.place(alarm.end));
    let _ = write!(
        out,
        "<g><title>Incident {}: {}</title><text class=\"label end\" x=\"{:.1}\" y=\"{:.1}\">\
         <tspan class=\"strong\">Incident {}</tspan> <tspan class=\"faint\">{}</tspan></text>\
         <line class=\"thread\" x1=\"{start:.1}\" y1=\"{y:.1}\" x2=\"{end:.1}\" \
         y2=\"{y:.1}\"/>",
        place + 1,
        escaped(&shortened(&line, 160)),
        LEFT - 14.0,
        y + 4.0,
        place + 1,
        alarm.host,
    );
    for stage in alarm.stages.iter().take(STAGES_TOLD_MAX) {
        let x = axis.place(stage.at);
        let _ = write!(out, "<path class=\"diamond\" d=\"M{x:.1} {:.1}l6 6-6 6-6-6Z\"/>", y - 6.0);
    }
    out.push_str("</g>\n");
}

fn draw_use(one: &Use, axis: &Axis, y: f64, out: &mut String) {
    let usage = &one.usage;
    let (word, tone) = sections::standing(one);
    let host = usage.host.to_string();
    let room = LABEL_CHARS.saturating_sub(host.chars().count() + 2).max(8);
    let tool = shortened(&usage.tool.1, room);
    let (start, end) = (axis.place(usage.first), axis.place(usage.last));
    let wide = (end - start).max(5.0);
    let class = match tone {
        Tone::Incident => "incident",
        Tone::Unauthorised => "unauthorised",
        _ => "authorised",
    };
    let _ = writeln!(
        out,
        "<g><title>{} on {host}: {word}, {} to {}</title>\
         <text class=\"label end\" x=\"{:.1}\" y=\"{:.1}\">{} <tspan class=\"faint\">{host}</tspan>\
         </text><rect class=\"bar {class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" \
         height=\"10\" rx=\"2\"/></g>",
        escaped(&shortened(&usage.tool.1, 80)),
        moment::to_second(usage.first),
        moment::to_second(usage.last),
        LEFT - 14.0,
        y + 4.0,
        escaped(&tool),
        start.min(RIGHT - wide),
        y - 5.0,
    );
}
