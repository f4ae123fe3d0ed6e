//! The index against a plain scan over all rows: the same answers for random names.

use std::collections::BTreeSet;

use intel::{BookBuilder, RowKind};
use model::Role;
use regex::Regex;

use crate::mutating::Numbers;
use crate::scene::{asked, short, tool};

struct Plain {
    tool: String,
    kind: RowKind,
    value: String,
    role: Role,
    regex: Option<Regex>,
    /// The literal end of a pattern.
    ending: usize,
}

impl Plain {
    fn rank(&self, name: &str) -> Option<(u8, usize)> {
        match self.kind {
            RowKind::Exact => (name == self.value).then_some((2, self.value.len())),
            RowKind::Suffix => {
                let below = name.ends_with(&format!(".{}", self.value));
                (below || name == self.value).then_some((0, self.value.len()))
            }
            _ => self.regex.as_ref()?.is_match(name).then_some((1, self.ending)),
        }
    }
}

/// Every row is looked at; the best rank wins; one row a tool.
fn scan(rows: &[Plain], name: &str) -> BTreeSet<String> {
    let best = rows.iter().filter_map(|row| row.rank(name)).max();
    let mut best: Vec<&Plain> =
        rows.iter().filter(|row| best.is_some() && row.rank(name) == best).collect();
    best.sort_by_key(|row| row.role == Role::Unknown);
    let mut tools = BTreeSet::new();
    best.into_iter()
        .filter(|row| tools.insert(row.tool.clone()))
        .map(|row| format!("{} {}", row.tool, row.role.word()))
        .collect()
}

fn random_name(numbers: &mut Numbers, labels: usize) -> String {
    const LABELS: [&str; 9] = ["a", "b", "ab", "a-b", "relay", "xrelay", "net", "n-able", "able"];
    let mut name = String::new();
    for _ in 0..labels {
        name.push_str(LABELS[numbers.below(LABELS.len())]);
        name.push('.');
    }
    name + ["example", "com"][numbers.below(2)]
}

#[test]
fn the_index_says_what_a_scan_says() {
    // No `unknown` next to a registered name: without labels the apex alone would change roles.
    let roles = [Role::Download, Role::Update, Role::Telemetry, Role::Website];
    let mut compared = 0;
    for seed in 0..60u64 {
        let mut numbers = Numbers(seed);
        let mut rows = Vec::new();
        let mut texts = Vec::new();
        for id in ["one", "two", "three"] {
            let mut written = BTreeSet::new();
            let mut lines = Vec::new();
            for _ in 0..12 {
                let labels = 1 + numbers.below(3);
                let value = random_name(&mut numbers, labels);
                let role = roles[numbers.below(roles.len())];
                let word = role.word();
                let kind = numbers.below(3);
                // One row for a value: which of two alike rows wins is another test.
                if !written.insert((kind, value.clone())) {
                    continue;
                }
                let (kind, value, regex, ending) = match kind {
                    0 => (RowKind::Exact, value, None, 0),
                    1 => (RowKind::Suffix, value, None, 0),
                    _ => {
                        let text = format!("^[a-z-]*{}$", value.replace('.', "\\."));
                        let regex = Some(Regex::new(&text).unwrap());
                        (RowKind::Pattern, text, regex, value.len())
                    }
                };
                lines.push(format!("names {} = '{value}'; role = '{word}'", kind.word()));
                rows.push(Plain { tool: id.to_owned(), kind, value, role, regex, ending });
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            texts.push((id, tool(id, "vendor", &lines)));
        }
        let mut builder = BookBuilder::new();
        for (id, text) in &texts {
            builder.catalogue(&format!("{id}.toml"), text);
        }
        let (book, complaints) = builder.build();
        assert_eq!(complaints, [], "seed {seed}");
        for _ in 0..300 {
            let labels = 1 + numbers.below(4);
            let name = random_name(&mut numbers, labels);
            let got: BTreeSet<String> = asked(&book, &name).iter().map(short).collect();
            assert_eq!(got, scan(&rows, &name), "seed {seed}: {name}");
            compared += got.len();
        }
    }
    println!("{compared} matches compared");
    assert!(compared > 1000);
}
