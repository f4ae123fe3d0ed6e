//! The corpora of names, which are not part of the repository: `RMMWATCH_CORPUS` names the folder
//! that holds them as `corpora/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that nobody chose for being bad, of one file.
pub(crate) struct Benign {
    pub(crate) file: String,
    pub(crate) names: BTreeSet<String>,
}

/// A name that somebody reported.
pub(crate) struct Real {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) brand: String,
}

/// A name that a generator made of a brand.
pub(crate) struct Generated {
    /// `generator:fuzzer`.
    pub(crate) technique: String,
    pub(crate) brand: String,
    pub(crate) name: String,
}

/// Every file of `corpora/` whose name begins and ends so, by name. `None`, and plain words, where
/// there is none.
fn files(begins: &str, ends: &str) -> Option<Vec<PathBuf>> {
    let Ok(corpus) = std::env::var("RMMWATCH_CORPUS") else {
        println!("skipped: RMMWATCH_CORPUS is not set");
        return None;
    };
    let folder = Path::new(&corpus).join("corpora");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(begins) && name.ends_with(ends)
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    if paths.is_empty() {
        println!("skipped: RMMWATCH_CORPUS has no corpora/{begins}*{ends}");
        return None;
    }
    Some(paths)
}

/// The columns of a file's lines; lines that begin with `#` are captions.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

/// A name as the wire would show it.
fn wire(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

pub(crate) fn benign() -> Option<Vec<Benign>> {
    let read = |path: PathBuf| Benign {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        names: rows(&path).iter().map(|row| wire(&row[0])).collect(),
    };
    Some(files("benign_", ".txt")?.into_iter().map(read).collect())
}

pub(crate) fn real() -> Option<Vec<Real>> {
    let read = |row: Vec<String>| Real {
        name: wire(&row[0]),
        class: row[2].clone(),
        brand: row[3].clone(),
    };
    let paths = files("positives_real_", ".txt")?;
    Some(paths.iter().flat_map(|path| rows(path)).map(read).collect())
}

pub(crate) fn generated() -> Option<Vec<Generated>> {
    Some(files("positives_synth_", ".tsv")?.iter().flat_map(|path| made(path)).collect())
}

/// Names of further brands, in a file of the same shape that `RMMWATCH_NAMES` names;
/// `packaging/peers/generate_names.py` writes one.
pub(crate) fn further() -> Option<Vec<Generated>> {
    let Ok(path) = std::env::var("RMMWATCH_NAMES") else {
        println!("skipped: RMMWATCH_NAMES names no file of further generated names");
        return None;
    };
    Some(made(Path::new(&path)))
}

fn made(path: &Path) -> Vec<Generated> {
    let read = |row: Vec<String>| {
        let [technique, brand, name] = <[String; 3]>::try_from(row).unwrap();
        Generated { technique, brand, name: wire(&name) }
    };
    rows(path).into_iter().map(read).collect()
}
