//! What the brands' own files say of them, for the tables: kind, and what they own.

use std::collections::HashMap;

use crate::ships;

/// A brand, as far as a table needs it.
#[derive(Debug)]
pub(crate) struct Brand {
    pub(crate) id: String,
    /// As its file says; a file may leave it to be found out.
    pub(crate) kind: Kind,
    spellings: Vec<String>,
    domains: Vec<String>,
    endings: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Coined,
    Dictionary,
    Unsaid,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Coined => "coined",
            Kind::Dictionary => "dictionary-like",
            Kind::Unsaid => "unsaid",
        }
    }
}

/// All that ship, by the letters of their spellings and ids.
#[derive(Debug)]
pub(crate) struct Brands {
    all: Vec<Brand>,
    by_letters: HashMap<String, usize>,
}

impl Brands {
    pub(crate) fn shipped() -> Brands {
        let mut all = Vec::new();
        for (file, text) in ships::texts("brands") {
            let table: toml::Table = text.parse().unwrap_or_else(|why| panic!("{file}: {why}"));
            match table.get("brand").and_then(toml::Value::as_array) {
                Some(tables) => all.extend(tables.iter().map(|one| read(one.as_table().unwrap()))),
                None => all.push(read(&table)),
            }
        }
        let mut by_letters = HashMap::new();
        for (number, brand) in all.iter().enumerate() {
            by_letters.insert(letters(&brand.id), number);
            for spelling in &brand.spellings {
                by_letters.entry(spelling.clone()).or_insert(number);
            }
        }
        Brands { all, by_letters }
    }

    /// The brand that a corpus means with a word.
    pub(crate) fn find(&self, word: &str) -> Option<&Brand> {
        self.by_letters.get(&letters(word)).map(|number| &self.all[*number])
    }

    /// Who owns a name, by its own file.
    pub(crate) fn owner(&self, name: &str) -> Option<&Brand> {
        self.all.iter().find(|brand| brand.owns(name))
    }
}

impl Brand {
    fn owns(&self, name: &str) -> bool {
        let registrable = psl::domain_str(name).unwrap_or(name);
        let below = |domain: &String| {
            let rest = name.strip_suffix(domain.as_str());
            let within = rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            // Whoever rents a label below a brand's name, as at its cloud, owns that label.
            within && (domain.len() >= registrable.len() || !domain.contains('.'))
        };
        let ending = |(label, suffix): (&str, &str)| {
            let spelled = self.spellings.iter().any(|spelling| spelling == label);
            spelled && self.endings.iter().any(|ending| ending == suffix)
        };
        self.domains.iter().any(below) || registrable.split_once('.').is_some_and(ending)
    }
}

fn read(table: &toml::Table) -> Brand {
    let texts = |key: &str| -> Vec<String> {
        let list = table.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let text = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let id = text("id").map_or_else(|| letters(text("name").unwrap()), str::to_owned);
    let mut spellings: Vec<String> = texts("spellings").iter().map(|one| letters(one)).collect();
    if spellings.is_empty() {
        spellings.push(letters(&id));
    }
    let kind = match text("kind") {
        Some("coined") => Kind::Coined,
        Some("dictionary") => Kind::Dictionary,
        _ => Kind::Unsaid,
    };
    Brand { kind, spellings, domains: texts("domains"), endings: texts("endings"), id }
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
