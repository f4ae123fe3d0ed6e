//! The books and names that are measured.

use std::fs;
use std::path::Path;

use intel::Book;

use crate::dice::Dice;
use crate::ships;

/// What names are compared with, and nothing else.
pub(crate) fn brands_only(shipped: &[(String, String)], extra: &str) -> Book {
    let mut builder = ships::vocabulary();
    shipped.iter().for_each(|(file, text)| builder.brands(file, text));
    if !extra.is_empty() {
        builder.brands("extra.toml", extra);
    }
    builder.build().0
}

/// Everyday names, in an order of chance.
pub(crate) fn names(dice: &mut Dice) -> Vec<String> {
    let mut names = of_corpus().unwrap_or_else(|| (0..500_000).map(|_| made(dice)).collect());
    dice.shuffle(&mut names);
    // Anew, so that they lie one after another: what waits for memory is the judge, not the bench.
    names.iter().map(String::clone).collect()
}

fn of_corpus() -> Option<Vec<String>> {
    let corpus = std::env::var("RMMWATCH_CORPUS").ok().or_else(|| {
        println!("RMMWATCH_CORPUS is not set: the names are made up");
        None
    })?;
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(&corpus).join("corpora")).ok()?.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if !file.starts_with("benign_") || !file.ends_with(".txt") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).ok()?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        names.extend(lines.filter_map(|line| line.split('\t').next()).map(str::to_owned));
    }
    (!names.is_empty()).then_some(names)
}

/// A name of one to three words, under a common suffix; four in ten are below another label.
fn made(dice: &mut Dice) -> String {
    const PARTS: [&str; 40] = [
        "shop", "news", "media", "blog", "cloud", "soft", "tech", "data", "play", "game", "bank",
        "auto", "home", "city", "food", "sport", "music", "photo", "travel", "health", "ro", "ka",
        "mi", "ten", "lo", "var", "sel", "dor", "pan", "gri", "tu", "bex", "ol", "ham", "ner",
        "stad", "ville", "berg", "ing", "el",
    ];
    const ENDS: [&str; 12] =
        ["com", "com", "com", "net", "org", "de", "ru", "co.uk", "com.br", "io", "info", "jp"];
    let label: String = (0..=dice.roll(3) + 1).map(|_| dice.one_of(&PARTS)).collect();
    let end = dice.one_of(&ENDS);
    match dice.roll(10) {
        0..4 => format!("{}{}.{label}.{end}", dice.one_of(&PARTS), dice.roll(100)),
        4 => format!("{label}-{}{}.{end}", dice.one_of(&PARTS), dice.roll(1000)),
        _ => format!("{label}{}.{end}", dice.letter()),
    }
}
