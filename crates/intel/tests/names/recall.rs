//! How many of the names that imitate or lure are found.

use std::collections::BTreeMap;
use std::fmt;

use crate::brands::{Brands, Kind};
use crate::corpus::{self, Generated};
use crate::shipped::{book, listed};

/// What became of the names of one row of a table.
#[derive(Clone, Default)]
struct Row {
    names: u32,
    alert: u32,
    /// Alerts that name the brand which the corpus names.
    as_told: u32,
    logged: u32,
    /// The brand's own, which are no imitations: in none of the other counts.
    owned: u32,
    /// Some that are not at alert.
    missed: Vec<String>,
}

impl Row {
    fn add(&mut self, brands: &Brands, brand: &str, name: &str) {
        if brands.owner(name).is_some() {
            self.owned += 1;
            return;
        }
        self.names += 1;
        let Some(lure) = book().look_alike(name) else {
            self.missed.push(name.to_owned());
            return;
        };
        self.logged += 1;
        if !lure.stands_alone {
            self.missed.push(format!("({name})"));
            return;
        }
        self.alert += 1;
        let told = brands.find(brand).map(|brand| brand.id.as_str());
        self.as_told += u32::from(lure.brand.is_some_and(|(id, _)| Some(&*id) == told));
    }

    fn plus(&mut self, other: &Row) {
        self.names += other.names;
        self.alert += other.alert;
        self.as_told += other.as_told;
        self.logged += other.logged;
        self.owned += other.owned;
    }

    fn at_alert(&self) -> f64 {
        share(self.alert, self.names)
    }

    fn at_log(&self) -> f64 {
        share(self.logged, self.names)
    }

    /// `most` of the missed names, spread over all of them.
    fn examples(&self, most: usize) -> String {
        let step = self.missed.len().div_ceil(most).max(1);
        let some: Vec<&str> = self.missed.iter().step_by(step).map(String::as_str).collect();
        some.join(" ")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = share(self.as_told, self.names);
        let (alert, log) = (self.at_alert(), self.at_log());
        write!(f, "{:>6} {alert:>7.2} {told:>7.2} {log:>7.2} {:>6}", self.names, self.owned)
    }
}

/// Per cent; 100 of nothing.
fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * f64::from(part) / f64::from(whole) }
}

fn head(title: &str) {
    println!("{title:<44} {:>6} {:>7} {:>7} {:>7} {:>6}", "n", "alert", "brand", "logged", "owned");
}

/// Targets that are told all at once.
#[derive(Default)]
struct Targets(Vec<String>);

impl Targets {
    fn at_least(&mut self, what: &str, percent: f64, target: f64) {
        let missed = percent < target;
        let said = if missed { "MISSED" } else { "met" };
        println!("target {what}: {percent:.2} % of {target} %: {said}");
        if missed {
            self.0.push(format!("{what}: {percent:.2} % is under {target} %"));
        }
    }

    fn done(self) {
        assert!(self.0.is_empty(), "{:#?}", self.0);
    }
}

fn is_homoglyph(technique: &str) -> bool {
    ["dnstwist:homoglyph", "dnstwist:cyrillic", "otacon:homoglyph", "otacon:idn"]
        .contains(&technique)
}

fn generated(names: &[Generated]) {
    let brands = Brands::shipped();
    let mut techniques: BTreeMap<&str, Row> = BTreeMap::new();
    let mut kinds: BTreeMap<(&str, Kind), Row> = BTreeMap::new();
    let mut each: BTreeMap<(Kind, &str), Row> = BTreeMap::new();
    let (mut punycode, mut homoglyphs) = (Row::default(), Row::default());
    let mut unknown: BTreeMap<&str, u32> = BTreeMap::new();
    let mut owned = Vec::new();
    for one in names {
        let brand = brands.find(&one.brand);
        if brand.is_none() {
            *unknown.entry(&one.brand).or_default() += 1;
        }
        let kind = brand.map_or(Kind::Unsaid, |brand| brand.kind);
        let mut row = Row::default();
        row.add(&brands, &one.brand, &one.name);
        if row.owned == 1 {
            owned.push(one.name.as_str());
        }
        let technique = techniques.entry(&one.technique).or_default();
        technique.plus(&row);
        technique.missed.append(&mut row.missed);
        let generator = one.technique.split(':').next().unwrap();
        kinds.entry((generator, kind)).or_default().plus(&row);
        if generator == "dnstwist" {
            each.entry((kind, &one.brand)).or_default().plus(&row);
        }
        if one.name.contains("xn--") {
            punycode.plus(&row);
        }
        if is_homoglyph(&one.technique) {
            homoglyphs.plus(&row);
        }
    }
    head("technique");
    for (technique, row) in &techniques {
        println!("{technique:<44} {row}  {}", row.examples(6));
    }
    head("generator, kind of brand");
    for ((generator, kind), row) in &kinds {
        println!("{:<44} {row}", format!("{generator}, {}", kind.word()));
    }
    head("dnstwist, brand");
    for ((kind, brand), row) in &each {
        println!("{:<44} {row}", format!("{brand}, {}", kind.word()));
    }
    println!("{:<44} {punycode}", "with punycode");
    println!("{:<44} {homoglyphs}", "IDN and homoglyphs");
    println!("the brands' own, set aside: {}", owned.join(" "));
    println!("brands that no file knows: {unknown:?}");
    let of = |wanted: &[Kind]| {
        let mut sum = Row::default();
        let rows = kinds
            .iter()
            .filter(|((generator, kind), _)| *generator == "dnstwist" && wanted.contains(kind));
        rows.for_each(|(_, row)| sum.plus(row));
        sum.at_alert()
    };
    let mut targets = Targets::default();
    targets.at_least("dnstwist, coined", of(&[Kind::Coined]), 99.0);
    let all = [Kind::Coined, Kind::Dictionary, Kind::Unsaid];
    targets.at_least("dnstwist, all", of(&all), 93.0);
    targets.at_least("IDN and homoglyphs", homoglyphs.at_alert(), 98.0);
    targets.done();
}

#[test]
fn generated_names_are_found() {
    if let Some(names) = corpus::generated() {
        generated(&names);
    }
}

/// The same targets, for brands that nobody looked at while the judge was made.
#[test]
fn further_generated_names_are_found() {
    if let Some(names) = corpus::further() {
        generated(&names);
    }
}

#[test]
fn real_names_are_found() {
    let Some(names) = corpus::real() else { return };
    let brands = Brands::shipped();
    let mut classes: BTreeMap<&str, Row> = BTreeMap::new();
    let (mut owned, mut listed_too, mut campaign) = (Vec::new(), 0, 0);
    for one in &names {
        if brands.owner(&one.name).is_some() {
            owned.push(one.name.as_str());
        }
        let row = classes.entry(&one.class).or_default();
        let alerts = row.alert;
        row.add(&brands, &one.brand, &one.name);
        if one.class == "rmm_campaign" {
            campaign += 1;
            listed_too += u32::from(row.alert > alerts || listed(&one.name));
        }
    }
    head("class");
    for (class, row) in &classes {
        println!("{class:<44} {row}  {}", row.examples(12));
    }
    println!("the brands' own, set aside: {}", owned.join(" "));
    let row = |class: &str| classes.get(class).cloned().unwrap_or_default();
    let mut targets = Targets::default();
    targets.at_least("RMM imitations", row("brand_rmm").at_alert(), 93.0);
    targets.at_least("brand combinations, alert", row("brand").at_alert(), 85.0);
    targets.at_least("brand combinations, logged", row("brand").at_log(), 97.0);
    targets.at_least("typo and word", row("brand_typo").at_alert(), 78.0);
    targets.at_least("the campaign by grammar", row("rmm_campaign").at_alert(), 62.0);
    targets.at_least("the campaign with lists", share(listed_too, campaign), 100.0);
    targets.done();
}
