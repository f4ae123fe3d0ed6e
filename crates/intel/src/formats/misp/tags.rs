//! What the tags of an event or an attribute say: how sure, how far to share, whether refuted.

use super::super::json::Cursor;
use super::kept;

/// Tags of one event or attribute that are looked at.
const TAGS_MAX: usize = 64;

/// What tags say (MISP taxonomies `misp`, `admiralty-scale`, `estimative-language`, `osint`,
/// `false-positive`, `tlp`).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Tags {
    /// The least sure of them counts.
    pub(super) confidence_pct: Option<u8>,
    /// How far it may be shared, e.g. `TLP:GREEN`.
    pub(super) tlp: Option<String>,
    /// Whether it is a confirmed false positive.
    pub(super) refuted: bool,
}

/// Figures as the taxonomies give them, in per cent; of a span its middle.
const FIGURES: [(&str, &str, u8); 25] = [
    ("misp:confidence-level", "completely-confident", 100),
    ("misp:confidence-level", "usually-confident", 75),
    ("misp:confidence-level", "fairly-confident", 50),
    ("misp:confidence-level", "rarely-confident", 25),
    ("misp:confidence-level", "unconfident", 0),
    ("misp:confidence-level", "confidence-cannot-be-evalued", 50),
    ("admiralty-scale:information-credibility", "1", 100),
    ("admiralty-scale:information-credibility", "2", 75),
    ("admiralty-scale:information-credibility", "3", 50),
    ("admiralty-scale:information-credibility", "4", 25),
    ("admiralty-scale:information-credibility", "5", 0),
    ("admiralty-scale:information-credibility", "6", 50),
    ("estimative-language:likelihood-probability", "almost-no-chance", 3),
    ("estimative-language:likelihood-probability", "very-unlikely", 12),
    ("estimative-language:likelihood-probability", "unlikely", 32),
    ("estimative-language:likelihood-probability", "roughly-even-chance", 50),
    ("estimative-language:likelihood-probability", "likely", 67),
    ("estimative-language:likelihood-probability", "very-likely", 87),
    ("estimative-language:likelihood-probability", "almost-certain", 97),
    ("estimative-language:confidence-in-analytic-judgment", "low", 25),
    ("estimative-language:confidence-in-analytic-judgment", "moderate", 50),
    ("estimative-language:confidence-in-analytic-judgment", "high", 90),
    ("false-positive:risk", "low", 75),
    ("false-positive:risk", "medium", 50),
    ("false-positive:risk", "high", 25),
];

impl Tags {
    /// The tags of a list that the cursor stands before; `[{"name": "tlp:green"}, …]`.
    pub(super) fn read(mut cursor: Cursor<'_>) -> Tags {
        let mut tags = Tags::default();
        if !cursor.open(b'[') {
            return tags;
        }
        for _ in 0..TAGS_MAX {
            if cursor.element() != Ok(true) {
                break;
            }
            if let Some(name) = super::member(cursor.clone(), "name") {
                tags.add(&name);
            }
            if cursor.skip().is_err() {
                break;
            }
        }
        tags
    }

    fn add(&mut self, tag: &str) {
        let tag = tag.trim().to_ascii_lowercase();
        if tag.starts_with("tlp:") {
            self.tlp.get_or_insert_with(|| kept(&tag).to_ascii_uppercase());
        }
        let (predicate, value) = tag.split_once('=').unwrap_or((&tag, ""));
        let value = value.trim_matches('"');
        self.refuted |= predicate == "false-positive:confirmed" && value != "false";
        let figure = FIGURES.iter().find(|(of, word, _)| *of == predicate && *word == value);
        let figure = match figure {
            Some((_, _, pct)) => Some(*pct),
            None if predicate == "osint:certainty" => value.parse().ok().filter(|pct| *pct <= 100),
            None => None,
        };
        if let Some(pct) = figure {
            self.confidence_pct = Some(self.confidence_pct.map_or(pct, |known| known.min(pct)));
        }
    }
}
