//! How many alerts are false, of names that nobody chose for being bad.

use std::collections::{BTreeMap, BTreeSet};

use model::Lure;

use crate::baseline::{self, CLASSES, Class, Entry};
use crate::corpus::{self, Benign};
use crate::shipped::book;

/// Per 100,000 names.
fn rate(count: usize, names: usize) -> f64 {
    count as f64 * 1e5 / names as f64
}

fn entry(lure: &Lure) -> Entry {
    Entry {
        tier: lure.kind.word().to_owned(),
        brand: lure.brand.as_ref().map_or("-", |(id, _)| id).to_owned(),
        class: Class::Unreviewed,
        reason: format!("{}, score {}", lure.method, lure.score),
        source: "-".to_owned(),
    }
}

/// Flagged at alert, by name; and how many are noted without one.
fn judge(names: &BTreeSet<String>) -> (BTreeMap<String, Entry>, usize) {
    let (mut flagged, mut noted) = (BTreeMap::new(), 0);
    for name in names {
        match book().look_alike(name) {
            Some(lure) if lure.stands_alone => {
                flagged.insert(name.clone(), entry(&lure));
            }
            Some(_) => noted += 1,
            None => {}
        }
    }
    (flagged, noted)
}

/// What is flagged and stands not in the baseline, and the other way round.
fn differences(
    benign: &[Benign],
    flagged: &BTreeMap<String, Entry>,
    known: &BTreeMap<String, Entry>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, entry) in flagged {
        let Entry { tier, brand, reason, .. } = entry;
        match known.get(name) {
            None => wrong.push(format!("+ {name} ({tier}, {brand}: {reason})")),
            Some(old) if old.class == Class::Unreviewed => {
                wrong.push(format!("? {name} is not reviewed ({tier}, {brand}: {reason})"));
            }
            Some(old) if (&old.tier, &old.brand) != (tier, brand) => wrong.push(format!(
                "! {name}: {tier}, {brand}; the baseline says {}, {}",
                old.tier, old.brand
            )),
            Some(_) => {}
        }
    }
    let (mut gone, mut absent) = (Vec::new(), 0);
    for name in known.keys().filter(|name| !flagged.contains_key(*name)) {
        match benign.iter().any(|file| file.names.contains(name)) {
            true => gone.push(format!("- {name} is no longer flagged")),
            false => absent += 1,
        }
    }
    if absent > 0 {
        println!("{absent} names of the baseline are in none of these files");
    }
    wrong.extend(gone);
    wrong
}

/// One file's rates, and which are over their bounds.
fn told(
    file: &str,
    names: usize,
    flagged: &BTreeMap<&String, &Entry>,
    known: &BTreeMap<String, Entry>,
) -> Vec<String> {
    let count = |tier: &str, classes: &[Class]| {
        let of = |name: &str| known.get(name).map_or(Class::Unreviewed, |entry| entry.class);
        let counts = |(name, entry): &(&&String, &&Entry)| {
            entry.tier == tier && classes.contains(&of(name.as_str()))
        };
        rate(flagged.iter().filter(counts).count(), names)
    };
    let all = CLASSES.map(|(_, class)| class);
    let mut over = Vec::new();
    println!("{file}: {names} names, {} flagged; per 100,000:", flagged.len());
    for tier in ["imitation", "lure"] {
        let each = CLASSES.map(|(word, class)| format!("{word} {:.2}", count(tier, &[class])));
        println!("  {tier:<10} raw {:>6.2}: {}", count(tier, &all), each.join(", "));
    }
    let false_one = [Class::Unrelated, Class::Unreviewed];
    let false_lure = [Class::Unrelated, Class::BrandOwned, Class::Unreviewed];
    let bounds = [
        ("imitations that are unrelated", count("imitation", &false_one), 1.5),
        ("imitations that are brand-owned", count("imitation", &[Class::BrandOwned]), 1.0),
        ("lures that are false", count("lure", &false_lure), 5.0),
        ("all that is flagged", count("imitation", &all) + count("lure", &all), 12.0),
    ];
    for (what, found, most) in bounds {
        let said = if found > most { "MISSED" } else { "met" };
        println!("  target {what}: {found:.2} of {most}: {said}");
        if found > most {
            over.push(format!("{file}: {what}: {found:.2} is over {most}"));
        }
    }
    over
}

#[test]
fn few_alerts_are_false() {
    let Some(benign) = corpus::benign() else { return };
    let mut flagged = BTreeMap::new();
    let mut rows = Vec::new();
    for file in &benign {
        let (found, noted) = judge(&file.names);
        println!("{}: {noted} are noted without an alert", file.file);
        rows.push((file.file.as_str(), file.names.len(), found.clone()));
        flagged.extend(found);
    }
    let mut known = baseline::read();
    if std::env::var("BLESS").is_ok() {
        bless(&benign, &flagged, &mut known);
    }
    let mut wrong = differences(&benign, &flagged, &known);
    wrong.iter().for_each(|line| println!("{line}"));
    wrong.truncate(20);
    for (file, names, found) in &rows {
        wrong.extend(told(file, *names, &found.iter().collect(), &known));
    }
    let distinct: BTreeSet<&String> = benign.iter().flat_map(|file| &file.names).collect();
    wrong.extend(told("all files", distinct.len(), &flagged.iter().collect(), &known));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Add what is new as unreviewed, and take away what is gone.
fn bless(
    benign: &[Benign],
    flagged: &BTreeMap<String, Entry>,
    known: &mut BTreeMap<String, Entry>,
) {
    known.retain(|name, _| {
        flagged.contains_key(name) || !benign.iter().any(|file| file.names.contains(name))
    });
    for (name, entry) in flagged {
        match known.get_mut(name) {
            Some(old) => {
                old.tier.clone_from(&entry.tier);
                old.brand.clone_from(&entry.brand);
            }
            None => {
                known.insert(name.clone(), entry.clone());
            }
        }
    }
    baseline::write(known);
}
