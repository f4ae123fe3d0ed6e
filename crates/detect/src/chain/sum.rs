//! How bad an incident is and how sure it is, from its stages: one table, the same as in
//! docs/detection.md.

use model::{ChainStage, Severity};

use super::step::Met;
use crate::weights::{CONFIDENCE_MAX_PCT, FURTHER_KIND_PCT};

/// Two different stages: high.
pub(crate) const TWO_STAGES: u8 = 75;
/// Three: critical.
pub(crate) const THREE_STAGES: u8 = 90;
/// Every further one adds so much.
pub(crate) const FURTHER_STAGE: u8 = 2;
/// The most.
pub(crate) const SEVERITY_MAX: u8 = 99;
/// The most without a tool, and the most without a stage that tells how the tool got here.
pub(crate) const HALF_MAX: u8 = 85;

/// How sure a new name makes us, per cent.
pub(crate) const NEW_NAME_PCT: u8 = 40;
/// A program in clear.
pub(crate) const PROGRAM_PCT: u8 = 60;
/// A large download under encryption.
pub(crate) const BULK_PCT: u8 = 40;
/// A session.
pub(crate) const SESSION_PCT: u8 = 70;

/// What stages amount to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sum {
    pub(crate) severity: Severity,
    pub(crate) sure_pct: u8,
    /// How both came about, for people.
    pub(crate) steps: Vec<String>,
}

/// Different stages among those, in the order of the chain.
pub(crate) fn kinds<'a>(steps: impl Iterator<Item = &'a Met>) -> Vec<ChainStage> {
    let mut kinds: Vec<ChainStage> = steps.map(|step| step.stage).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Add stages up.
pub(crate) fn sum(steps: &[Met]) -> Sum {
    let kinds = kinds(steps.iter());
    let number = u8::try_from(kinds.len()).unwrap_or(u8::MAX);
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    let whole = match number {
        0 | 1 => 0,
        2 => TWO_STAGES,
        more => THREE_STAGES.saturating_add((more - 3).saturating_mul(FURTHER_STAGE)),
    }
    .min(SEVERITY_MAX);
    let mut told = vec![format!("severity: {whole}, {number} stages: {}", words.join(", "))];
    let mut severity = whole;
    for (holds, what) in [
        (steps.iter().any(Met::is_tool), "no tool was seen to run yet"),
        (steps.iter().any(Met::leads), "how the tool got here was not seen"),
    ] {
        if !holds && severity > HALF_MAX {
            severity = HALF_MAX;
            told.push(format!("severity: {HALF_MAX}, the most while {what}"));
        }
    }
    let best = steps.iter().max_by_key(|step| step.sure_pct);
    let best_pct = best.map_or(0, |step| step.sure_pct);
    let further = number.saturating_sub(1).saturating_mul(FURTHER_KIND_PCT);
    let sure_pct = best_pct.saturating_add(further).min(CONFIDENCE_MAX_PCT);
    if let Some(best) = best {
        told.push(format!(
            "confidence: {best_pct} %, {} ({}), and {FURTHER_KIND_PCT} for each further stage: \
             {sure_pct} %",
            best.stage.word(),
            best.name,
        ));
    }
    Sum { severity: Severity::new(severity), sure_pct, steps: told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    const DOCUMENT: &str = include_str!("../../../../docs/detection.md");

    #[test]
    fn the_document_says_what_the_code_does() {
        let hours = |time: std::time::Duration| time.as_secs() / 3_600;
        let thousands = |count: usize| format!("{},{:03}", count / 1000, count % 1000);
        let rows = [
            format!("a program comes from it in clear | weak | {NEW_NAME_PCT} |"),
            format!("or an address without a name | weak | {PROGRAM_PCT} |"),
            format!("whose relay is no vendor's | weak | {BULK_PCT} |"),
            format!("or ten minutes and 64 KiB | weak | {SESSION_PCT} |"),
            format!("two stages {TWO_STAGES} (high), three {THREE_STAGES} (critical)"),
            format!("every further one {FURTHER_STAGE} more, {SEVERITY_MAX} the most"),
            format!("At\nmost {HALF_MAX} as long as no tool"),
            format!("{FURTHER_KIND_PCT} for every further stage, {CONFIDENCE_MAX_PCT} the most"),
            format!("{} MiB or more under encryption", limits::DOWNLOAD_BYTES_MIN >> 20),
            format!("count for {} minutes", limits::CHAIN_WINDOW.as_secs() / 60),
            format!("a strong lure for {}\n  hours", hours(limits::CHAIN_LURE)),
            format!("way to a session is followed | {}", thousands(limits::TRAILS_MAX)),
            format!("| incidents | {} |", thousands(limits::INCIDENTS_MAX)),
            format!(
                "listed by an incident | {}, of one kind {} |",
                limits::STAGES_MAX,
                limits::STAGES_ALIKE_MAX
            ),
            format!("that one incident tells | {} |", limits::STORIES_TAKEN_MAX),
            format!("no\nstage has joined for {} hours", hours(limits::CHAIN_OVER)),
        ];
        for row in rows {
            assert!(DOCUMENT.contains(&row), "docs/detection.md lacks: {row}");
        }
    }
}
