//! What a sensor should say of a scenario, as a person writes it down.

use std::fmt;

use serde::Deserialize;

/// An alert that a sensor should raise on the scenario's capture.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The host that it is about, as the scenario calls it.
    pub host: String,
    /// What kind of detection: `relay`, `api`, `download`, `protocol`, `indicator` …
    pub detection: String,
    /// The tool's id in the catalogue, where there is one.
    pub tool: Option<String>,
    /// A name, address or sign that the alert's evidence shows.
    pub sign: String,
    /// Whether a sensor may also leave it out (it is then part of another alert).
    #[serde(default)]
    pub optional: bool,
    /// How bad it is where it is told at its worst.
    pub severity: Option<Level>,
    /// The stages of an incident, each once, in the order in which they were met.
    #[serde(default)]
    pub stages: Vec<String>,
    /// The tenant that the alert names.
    pub operator: Option<String>,
    /// The rule's id.
    pub rule: Option<String>,
    /// Words that stand in the alert's sentence.
    pub says: Option<String>,
    /// What stands nowhere in its evidence, stages and sentence.
    #[serde(default)]
    pub without: Vec<String>,
    /// Further hosts that it lists, as the scenario calls them.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// It is told in so many records at most, updates counted.
    pub records: Option<usize>,
}

/// A range of severities: `high`, `medium..high`, `high..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Level {
    least: usize,
    most: usize,
}

/// The words of severities, from the least on.
const WORDS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

impl Level {
    /// Whether a severity, as its word, lies within.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        WORDS.iter().position(|one| *one == word).is_some_and(|at| self.range().contains(&at))
    }

    fn range(self) -> std::ops::RangeInclusive<usize> {
        self.least..=self.most
    }
}

impl TryFrom<String> for Level {
    type Error = String;

    fn try_from(written: String) -> Result<Level, String> {
        let place = |word: &str, open: usize| match word {
            "" => Ok(open),
            word => WORDS
                .iter()
                .position(|one| *one == word)
                .ok_or_else(|| format!("`{word}` is no severity; there are {}", WORDS.join(", "))),
        };
        let last = WORDS.len() - 1;
        let level = match written.split_once("..") {
            Some((least, most)) => Level { least: place(least, 0)?, most: place(most, last)? },
            None if written.is_empty() => return Err("a severity is a word".into()),
            None => place(&written, 0).map(|at| Level { least: at, most: at })?,
        };
        if level.range().is_empty() { Err(format!("`{written}` holds nothing")) } else { Ok(level) }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |at: usize| WORDS.get(at).copied().unwrap_or_default();
        match (self.least, self.most) {
            (least, most) if least == most => f.write_str(word(least)),
            (least, most) if most + 1 == WORDS.len() => write!(f, "{} or worse", word(least)),
            (least, most) => write!(f, "{} to {}", word(least), word(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_words_and_ranges_of_them() {
        for (written, shown, held) in [
            ("high", "high", "high"),
            ("low..medium", "low to medium", "low medium"),
            ("high..", "high or worse", "high critical"),
            ("..low", "informational to low", "informational low"),
        ] {
            let level = Level::try_from(written.to_owned()).unwrap();
            assert_eq!(level.to_string(), shown);
            let within: Vec<&str> = WORDS.into_iter().filter(|word| level.holds(word)).collect();
            assert_eq!(within.join(" "), held, "{written}");
            assert!(!level.holds("terrible"));
        }
        for wrong in ["", "terrible", "high..low", "high...", "low..dire"] {
            assert!(Level::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
