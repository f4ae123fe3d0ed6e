//! Spellings of the brands that ship, and brands that do not exist.

use std::fmt::Write as _;

use crate::dice::Dice;
use crate::ships;

/// The letters of each brand that ships.
pub(crate) fn spellings() -> Vec<String> {
    let mut all = Vec::new();
    for (_, text) in ships::texts("brands") {
        let table: toml::Table = text.parse().unwrap();
        let given = table.get("spellings").and_then(toml::Value::as_array);
        let given = given.into_iter().flatten().filter_map(toml::Value::as_str);
        let name = table.get("name").and_then(toml::Value::as_str);
        all.extend(given.chain(name).map(letters));
    }
    all.sort();
    all.dedup();
    all
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// So many brands of five to fourteen letters, as companies call themselves, as a file.
pub(crate) fn invented(count: usize) -> String {
    const BEGIN: [&str; 24] = [
        "ver", "tru", "nex", "quan", "sal", "blu", "cor", "flex", "inter", "omni", "pri", "red",
        "sky", "tele", "uni", "vant", "west", "zen", "alt", "bright", "cap", "dyn", "ever", "gran",
    ];
    const MIDDLE: [&str; 12] =
        ["i", "a", "o", "e", "ta", "ri", "lo", "no", "mi", "sha", "pe", "ga"];
    const END: [&str; 20] = [
        "zon", "tis", "bank", "soft", "net", "pay", "cast", "mart", "max", "tec", "ly", "fy",
        "com", "data", "link", "ware", "trust", "air", "desk", "point",
    ];
    let mut dice = Dice::new(11);
    let mut text = String::new();
    for number in 0..count {
        let begin = BEGIN[number % BEGIN.len()];
        let name = format!("{begin}{}{}", dice.one_of(&MIDDLE), dice.one_of(&END));
        let name = if dice.roll(3) == 0 { format!("{name}{}", dice.one_of(&END)) } else { name };
        let kind = if name.len() < 8 { "dictionary" } else { "coined" };
        writeln!(text, "[[brand]]\nid = \"{name}{number}\"\nname = \"{name}\"").unwrap();
        writeln!(text, "kind = \"{kind}\"\nspellings = [\"{name}\"]").unwrap();
        let ends = ["com", "net", "de", "co.uk", "fr", "jp", "com.br", "io"];
        let domains: Vec<String> = ends.iter().map(|end| format!("\"{name}.{end}\"")).collect();
        writeln!(text, "domains = [{}]", domains.join(", ")).unwrap();
        writeln!(text, "source = \"made for a bench\"\nchecked = 2026-11-22").unwrap();
    }
    text
}
