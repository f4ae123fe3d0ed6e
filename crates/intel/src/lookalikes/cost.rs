//! What it costs to protect a brand: how many words its letters stand in by chance.

use std::collections::HashSet;

use model::Complaint;

use super::brand::{Brand, Nature};
use super::variants::{Alphabet, each_variant};
use super::view::Folds;
use super::words::Ranked;

/// From how many letters on a spelling is compared with letters wrong in it.
const SAFE_LEN: usize = 6;
/// Words named as examples.
const EXAMPLES: usize = 3;

/// A warning about each spelling that is short or stands in words of the language.
pub(super) fn warn(
    brand: &Brand,
    natures: &[Nature],
    ranked: &Ranked,
    folds: &Folds,
    notes: &mut Vec<Complaint>,
) {
    for (spelling, nature) in brand.spellings.iter().zip(natures) {
        let held: Vec<&str> = ranked
            .iter()
            .filter(|word| word.contains(&**spelling) && *word != &**spelling)
            .collect();
        let is_word = ranked.contains(spelling);
        let near = near(spelling, ranked, folds);
        if *nature == Nature::Coined && held.is_empty() && spelling.len() >= SAFE_LEN {
            continue;
        }
        let mut why: Vec<String> = Vec::new();
        if spelling.len() < SAFE_LEN {
            why.push(format!("has {} letters", spelling.len()));
        }
        if is_word {
            why.push("is a word".to_owned());
        }
        if !held.is_empty() {
            let examples: Vec<&str> = held.iter().take(EXAMPLES).copied().collect();
            why.push(format!("stands in {} other words ({})", held.len(), examples.join(", ")));
        }
        why.push(format!("is one letter away from {near} of {} words", ranked.count()));
        let why = format!("`{spelling}` ({}) {}", brand.name, why.join(", "));
        let fix = match nature {
            Nature::Coined => {
                "it is held to be coined: every name that has it alerts; say kind = 'dictionary'"
            }
            Nature::Dictionary => {
                "only whole names, hyphens and words of help desks alert; list other companies \
                 of like names as `collisions`"
            }
        };
        notes.push(Complaint {
            file: brand.file.clone(),
            line: brand.line,
            column: 1,
            why,
            fix: fix.to_owned(),
        });
    }
}

/// How many words are one edit away from the spelling.
fn near(spelling: &str, ranked: &Ranked, folds: &Folds) -> usize {
    let folded: Vec<u8> = spelling.bytes().map(|octet| folds.of(octet)).collect();
    let mut variants: HashSet<Vec<u8>> = HashSet::new();
    each_variant(&folded, &Alphabet::new(folds), &mut |variant| {
        variants.insert(variant.to_vec());
    });
    let fold = |word: &str| word.bytes().map(|octet| folds.of(octet)).collect::<Vec<u8>>();
    ranked.iter().filter(|word| *word != spelling && variants.contains(&fold(word))).count()
}
