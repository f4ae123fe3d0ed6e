//! The word that someone probably meant.

/// The known word nearest to `said`, when it is near enough that a slip of the hand explains it:
/// at most one change for every three characters, upper and lower case alike.
pub(crate) fn nearest<'a>(said: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let said: Vec<char> = said.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()).collect();
    let far = (said.len() / 3).max(1);
    known
        .into_iter()
        .map(|word| (changes(&said, word), word))
        .filter(|&(changes, _)| changes <= far)
        .min_by_key(|&(changes, _)| changes)
        .map(|(_, word)| word)
}

/// Longer words than this are compared by their beginnings: nobody needs help with them.
const LONGEST: usize = 64;

/// Levenshtein's distance: letters put in, left out or replaced.
fn changes(said: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=said.len()).collect();
    for (above, letter) in word.chars().take(LONGEST).enumerate() {
        let mut corner = above;
        let mut left = above + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (&have, cell) in said.iter().zip(row.iter_mut().skip(1)) {
            let replaced = corner + usize::from(have != letter.to_ascii_lowercase());
            corner = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let keys = ["tool", "operators", "zones", "peers", "hours", "until", "owner", "reason"];
        let table: &[(&str, Option<&str>)] = &[
            ("operator", Some("operators")),
            ("Zone", Some("zones")),
            ("untill", Some("until")),
            ("hour", Some("hours")),
            ("tools", Some("tool")),
            ("colour", None),
            ("", None),
        ];
        for (said, want) in table {
            assert_eq!(nearest(said, keys), *want, "{said}");
        }
    }
}
