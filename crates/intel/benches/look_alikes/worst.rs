//! Names that somebody makes to keep us busy: many candidates, long labels, many labels.

use crate::dice::Dice;

/// Makes a name of brands' letters.
pub(crate) type Make = fn(&mut Dice, &[String]) -> String;

pub(crate) const KINDS: [(&str, Make); 11] = [
    ("one brand over and over", repeats),
    ("brands with one edit each, end to end", near_brands),
    ("brands' pieces, end to end", pieces),
    ("words of help desks, end to end", words),
    ("words of help desks with hyphens", hyphened_words),
    ("a hyphen after each letter", hyphens),
    ("near brands with hyphens", hyphened_brands),
    ("digits and pairs that look like letters", ambiguous),
    ("four long labels of near brands", long_name),
    ("126 labels", many_labels),
    ("brands in other alphabets, as punycode", punycode),
];

const LONGEST: usize = 63;
const ENDS: [&str; 5] = ["com", "top", "online", "xyz", "co.uk"];
const WORDS: [&str; 24] = [
    "help", "care", "support", "assist", "desk", "secure", "login", "online", "service", "247",
    "tech", "account", "verify", "update", "center", "refund", "billing", "remote", "connect",
    "session", "now", "my", "the", "us",
];

fn cut(mut label: String) -> String {
    label.truncate(LONGEST);
    label
}

fn with_end(dice: &mut Dice, label: String) -> String {
    let label = cut(label);
    format!("{}.{}", label.trim_matches('-'), dice.one_of(&ENDS))
}

fn any<'a>(dice: &mut Dice, brands: &'a [String]) -> &'a str {
    if brands.is_empty() { "examplebrand" } else { &brands[dice.roll(brands.len())] }
}

/// A brand with a letter lost, added, changed or moved.
fn near(dice: &mut Dice, brands: &[String]) -> String {
    let mut letters: Vec<char> = any(dice, brands).chars().collect();
    let at = dice.roll(letters.len());
    match dice.roll(5) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, dice.letter()),
        2 => letters[at] = dice.letter(),
        3 if at > 0 => letters.swap(at - 1, at),
        _ => {}
    }
    letters.into_iter().collect()
}

fn fill(dice: &mut Dice, between: &str, mut part: impl FnMut(&mut Dice) -> String) -> String {
    let mut label = String::new();
    while label.len() < LONGEST {
        label.push_str(&part(dice));
        label.push_str(between);
    }
    label
}

fn repeats(dice: &mut Dice, brands: &[String]) -> String {
    let brand = any(dice, brands).to_owned();
    let begin = dice.letter().to_string();
    let label = begin + &brand.repeat(LONGEST / brand.len() + 1);
    with_end(dice, label)
}

fn near_brands(dice: &mut Dice, brands: &[String]) -> String {
    let label = fill(dice, "", |dice| near(dice, brands));
    with_end(dice, label)
}

fn pieces(dice: &mut Dice, brands: &[String]) -> String {
    let label = fill(dice, "", |dice| {
        let brand = any(dice, brands);
        let from = dice.roll(brand.len().div_ceil(2));
        brand[from..].to_owned()
    });
    with_end(dice, label)
}

fn words(dice: &mut Dice, _: &[String]) -> String {
    let label = fill(dice, "", |dice| dice.one_of(&WORDS).to_owned());
    with_end(dice, label)
}

fn hyphened_words(dice: &mut Dice, _: &[String]) -> String {
    let label = fill(dice, "-", |dice| dice.one_of(&WORDS).to_owned());
    with_end(dice, label)
}

fn hyphens(dice: &mut Dice, brands: &[String]) -> String {
    let label = fill(dice, "-", |dice| {
        near(dice, brands).chars().map(|letter| letter.to_string()).collect::<Vec<_>>().join("-")
    });
    with_end(dice, label)
}

fn hyphened_brands(dice: &mut Dice, brands: &[String]) -> String {
    let label = fill(dice, "-", |dice| near(dice, brands));
    with_end(dice, label)
}

/// Every letter that a digit or a pair of letters stands for is written so.
fn ambiguous(dice: &mut Dice, brands: &[String]) -> String {
    let label = fill(dice, "", |dice| {
        let brand = near(dice, brands);
        let swap = |letter: char| match (letter, dice.roll(2)) {
            ('m', _) => "rn".to_owned(),
            ('w', _) => "vv".to_owned(),
            ('d', 0) => "cl".to_owned(),
            ('o', _) => "0".to_owned(),
            ('l' | 'i', 0) => "1".to_owned(),
            ('l' | 'i', _) => "l".to_owned(),
            ('e', _) => "3".to_owned(),
            ('a', _) => "4".to_owned(),
            ('s', _) => "5".to_owned(),
            (letter, _) => letter.to_string(),
        };
        brand.chars().map(swap).collect()
    });
    with_end(dice, label)
}

/// As long as a name may be.
fn long_name(dice: &mut Dice, brands: &[String]) -> String {
    let labels: Vec<String> = (0..4)
        .map(|number| {
            let label = cut(fill(dice, "-", |dice| near(dice, brands)));
            let label: String = label.chars().take(if number < 3 { 63 } else { 55 }).collect();
            label.trim_matches('-').to_owned()
        })
        .collect();
    format!("{}.com", labels.join("."))
}

fn many_labels(dice: &mut Dice, _: &[String]) -> String {
    let labels: Vec<String> = (0..126).map(|_| dice.letter().to_string()).collect();
    labels.join(".")
}

/// Brands with letters of Cyrillic and accents, as long as a label may be.
fn punycode(dice: &mut Dice, brands: &[String]) -> String {
    let swap = |letter: char| match letter {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'o' => 'ο',
        'p' => 'р',
        'x' => 'х',
        'y' => 'у',
        'i' => 'í',
        'n' => 'ń',
        's' => 'ѕ',
        letter => letter,
    };
    let mut label: String = fill(dice, "", |dice| near(dice, brands)).chars().map(swap).collect();
    loop {
        let ascii = idna::punycode::encode_str(&label).unwrap_or_default();
        if ascii.len() + 4 <= LONGEST {
            return with_end(dice, format!("xn--{ascii}"));
        }
        label.pop();
    }
}
