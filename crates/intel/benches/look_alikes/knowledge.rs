//! The books and names that are measured.

use std::fs;
use std::path::{Path, PathBuf};

use intel::{Book, BookBuilder};

use crate::dice::Dice;

fn config(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(path)
}

/// Words and endings, which judge names whatever the brands are.
fn vocabulary(builder: &mut BookBuilder) {
    let read = |path| fs::read_to_string(config(path)).unwrap_or_default();
    builder.vocabulary("lookalikes.toml", &read("lookalikes.toml"));
    builder.words(&read("words/english.txt"));
}

/// The name and text of every TOML file in a folder of `config/`, by name.
pub(crate) fn texts(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(config(folder)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// All that ships.
pub(crate) fn shipped() -> Book {
    let mut builder = BookBuilder::new();
    for (file, text) in texts("") {
        match file.as_str() {
            "gate.toml" => builder.gate(&file, &text),
            "labels.toml" => builder.labels(&file, &text),
            "resolvers.toml" => builder.resolvers(&file, &text),
            _ => {}
        }
    }
    texts("catalogue").iter().for_each(|(file, text)| builder.catalogue(file, text));
    texts("brands").iter().for_each(|(file, text)| builder.brands(file, text));
    texts("feeds").iter().for_each(|(file, text)| builder.feed(file, text));
    vocabulary(&mut builder);
    builder.build().0
}

/// What names are compared with, and nothing else.
pub(crate) fn brands_only(shipped: &[(String, String)], extra: &str) -> Book {
    let mut builder = BookBuilder::new();
    vocabulary(&mut builder);
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
