//! All of `config/`, as tests, benches and the example load it: in one place, so that each of them
//! measures what ships.

#![allow(dead_code, reason = "not every one of them needs all of it")]

use std::fs;
use std::path::{Path, PathBuf};

use intel::BookBuilder;

fn config(path: &str) -> PathBuf {
    // The project's root is the package's folder or stands above it.
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root =
        above.find(|folder| folder.join("config/gate.toml").exists()).expect("a config/ above");
    root.join("config").join(path)
}

/// The text of a file of `config/`.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(config(path)).expect(path)
}

/// The name and text of every TOML file in a folder of `config/`, by name.
pub(crate) fn texts(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(config(folder)).expect(folder);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("a text"))
    };
    paths.into_iter().map(named).collect()
}

/// Words and endings, which judge names whatever the brands are.
pub(crate) fn vocabulary() -> BookBuilder {
    let mut builder = BookBuilder::new();
    builder.vocabulary("lookalikes.toml", &read("lookalikes.toml"));
    builder.words(&read("words/english.txt"));
    builder
}

/// All of it.
pub(crate) fn builder() -> BookBuilder {
    let mut builder = vocabulary();
    builder.gate("gate.toml", &read("gate.toml"));
    builder.labels("labels.toml", &read("labels.toml"));
    builder.resolvers("resolvers.toml", &read("resolvers.toml"));
    texts("catalogue").iter().for_each(|(file, text)| builder.catalogue(file, text));
    texts("brands").iter().for_each(|(file, text)| builder.brands(file, text));
    texts("feeds").iter().for_each(|(file, text)| builder.feed(file, text));
    builder
}
