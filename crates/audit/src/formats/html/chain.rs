//! One incident as a picture: its stages as steps down a time axis.

use std::fmt::Write as _;

use model::ChainStage;

use super::axis::Axis;
use super::elements::escaped;
use crate::limits::STAGES_TOLD_MAX;
use crate::moment;
use crate::plain::shortened;
use crate::report::Incident;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 24.0;
const RIGHT: f64 = 976.0;
const TOP: f64 = 44.0;
const STEP: f64 = 32.0;
/// Between a mark and its label.
const GAP: f64 = 18.0;
/// Characters of a name that a label has at most.
const NAME_CHARS: usize = 70;
/// About how wide a character of a label is.
const CHAR: f64 = 7.6;

/// Draw it.
pub(crate) fn draw(number: usize, incident: &Incident, out: &mut String) {
    let alarm = &incident.alarm;
    let stages = alarm.stages.get(..alarm.stages.len().min(STAGES_TOLD_MAX)).unwrap_or_default();
    let (Some(first), Some(last)) = (stages.first(), stages.last()) else { return };
    let has_session = stages.iter().any(|stage| stage.stage == ChainStage::Session);
    let end = if has_session { last.at.max(alarm.end) } else { last.at };
    let axis = Axis::new(first.at, end, LEFT, RIGHT);
    let bottom = TOP + 12.0 + STEP * stages.len() as f64;
    let height = bottom + 8.0;
    let words: Vec<&str> = stages.iter().map(|stage| stage.stage.word()).collect();
    let span = moment::span(last.at.since(first.at));
    let _ = writeln!(
        out,
        "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Picture of incident {number}\">\n\
         <svg class=\"pic\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"chain-{number}-t chain-{number}-d\">\n\
         <title id=\"chain-{number}-t\">Stages of incident {number} over time</title>\n\
         <desc id=\"chain-{number}-d\">{} stages within {span}: {}. The table below has each with \
         its time.</desc>",
        stages.len(),
        words.join(", "),
    );
    axis.draw(TOP - 12.0, bottom, out);
    let mut before = None;
    for (place, stage) in stages.iter().enumerate() {
        let x = axis.place(stage.at);
        let y = TOP + 12.0 + STEP * (place as f64 + 0.5);
        if let Some((old_x, old_y)) = before {
            // Between the rows, where no label stands.
            let between = old_y + STEP / 2.0;
            let _ = write!(
                out,
                "<path class=\"thread\" d=\"M{old_x:.1} {old_y:.1}V{between:.1}H{x:.1}V{y:.1}\"/>"
            );
        }
        before = Some((x, y));
        if stage.stage == ChainStage::Session {
            let to = axis.place(alarm.end.max(stage.at));
            let below = y + 13.0;
            let _ = write!(out, "<path class=\"session\" d=\"M{x:.1} {below:.1}H{to:.1}\"/>");
        }
    }
    for (place, stage) in stages.iter().enumerate() {
        let x = axis.place(stage.at);
        let y = TOP + 12.0 + STEP * (place as f64 + 0.5);
        let word = stage.stage.word();
        // To the right of its mark, where it fits, else to the side with more room.
        let long = CHAR * (word.len() + 1 + stage.name.chars().count().min(NAME_CHARS)) as f64;
        let (text_x, anchor, room) = if x + GAP + long <= RIGHT || x < (LEFT + RIGHT) / 2.0 {
            (x + GAP, "", RIGHT - x - GAP)
        } else {
            (x - GAP, " end", x - GAP - LEFT)
        };
        let most = ((room / CHAR) as usize).saturating_sub(word.len() + 1);
        let name = shortened(&stage.name, most.clamp(8, NAME_CHARS));
        let _ = writeln!(
            out,
            "<g><title>{word}: {} ({} UTC)</title>\
             <path class=\"diamond\" d=\"M{x:.1} {:.1}l11 11-11 11-11-11Z\"/>\
             <text class=\"no\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>\
             <text class=\"label{anchor}\" x=\"{text_x:.1}\" y=\"{:.1}\">\
             <tspan class=\"strong\">{word}\
             </tspan> {}</text></g>",
            escaped(&shortened(&stage.name, 120)),
            moment::to_second(stage.at),
            y - 11.0,
            y + 4.0,
            place + 1,
            y + 4.0,
            escaped(&name),
        );
    }
    out.push_str("</svg>\n</div>\n</figure>\n");
    let more = alarm.stages.len().saturating_sub(stages.len());
    if more > 0 {
        let _ =
            writeln!(out, "<p class=\"quiet\">and {} stages more</p>", moment::number(more as u64));
    }
}
