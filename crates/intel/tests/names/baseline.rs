//! The reviewed baseline: every name of the benign corpora that is flagged at alert, what it is,
//! and how that is known. A change of the judge shows as a diff of this file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// What a flagged name is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// It imitates the brand, squats on it or is a registered typing error of it.
    Imitation,
    /// A public list has it as fraud or malware.
    Listed,
    /// It has the shape of a campaign's names and nothing else is known of it: neither a hit nor
    /// a false alert, told beside both.
    Campaign,
    /// The brand's own, or made for it by whom it pays.
    BrandOwned,
    /// Somebody else's lawful name: a false alert.
    Unrelated,
    /// Nobody has looked yet.
    Unreviewed,
}

/// The classes by the words of the file.
pub(crate) const CLASSES: [(&str, Class); 6] = [
    ("imitation", Class::Imitation),
    ("listed", Class::Listed),
    ("campaign", Class::Campaign),
    ("brand-owned", Class::BrandOwned),
    ("unrelated", Class::Unrelated),
    ("unreviewed", Class::Unreviewed),
];

impl Class {
    fn word(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).unwrap().0
    }
}

/// What is known of a flagged name. All but its name is text that holds no tab.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `imitation` or `lure`.
    pub(crate) tier: String,
    /// The brand's id, or `-`.
    pub(crate) brand: String,
    pub(crate) class: Class,
    pub(crate) reason: String,
    pub(crate) source: String,
}

const HEAD: &str = "# name\ttier\tbrand\tclass\treason\tsource\n";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/names/baseline.tsv")
}

/// By name. A line that is wrong fails the test.
pub(crate) fn read() -> BTreeMap<String, Entry> {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut entries = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, tier, brand, class, reason, source] = columns[..] else {
            panic!("baseline.tsv: six columns are wanted: {line}");
        };
        let class = CLASSES.iter().find(|(word, _)| *word == class);
        let entry = Entry {
            tier: tier.to_owned(),
            brand: brand.to_owned(),
            class: class.unwrap_or_else(|| panic!("baseline.tsv: no such class: {line}")).1,
            reason: reason.to_owned(),
            source: source.to_owned(),
        };
        let twice = entries.insert(name.to_owned(), entry);
        assert!(twice.is_none(), "baseline.tsv: {name} stands there twice");
    }
    entries
}

pub(crate) fn write(entries: &BTreeMap<String, Entry>) {
    let mut text = HEAD.to_owned();
    for (name, entry) in entries {
        let Entry { tier, brand, class, reason, source } = entry;
        writeln!(text, "{name}\t{tier}\t{brand}\t{}\t{reason}\t{source}", class.word()).unwrap();
    }
    fs::write(path(), text).unwrap();
}
