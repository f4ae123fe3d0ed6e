//! A brand as its file tells it.

use std::sync::Arc;

use crate::limits::SPELLING_LETTERS_MAX;
use crate::naming::{self, NotAName, Public};
use crate::sheet::{self, Complaints, Placed, Sheet, shown};

/// Whether a brand's letters say the brand wherever they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Nature {
    /// Made up and long: no word, name or place holds the letters.
    Coined,
    /// A word, a surname, a place, or short: the letters stand in other names too.
    Dictionary,
}

/// A brand that others imitate.
#[derive(Clone, Debug)]
pub(crate) struct Brand {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    /// The day on which its facts were checked; `-` where that is not said.
    pub(crate) version: Arc<str>,
    /// Said by the file; else it is found out.
    pub(crate) nature: Option<Nature>,
    /// Spellings that are looked for: letters and digits, no hyphen.
    pub(crate) spellings: Vec<Box<str>>,
    /// Names that it owns, and all below them.
    pub(crate) domains: Vec<Box<str>>,
    /// Public suffixes under which it owns each of its spellings.
    pub(crate) endings: Vec<Box<str>>,
    /// Labels and words that are others': real companies a letter or two away, and words in which
    /// the letters stand by chance.
    pub(crate) collisions: Vec<Box<str>>,
    /// Whether people say it without meaning the brand: a family's name, a phrase.
    pub(crate) common: bool,
    /// Whether it is a vendor of remote access: an imitation is what this sensor is about.
    pub(crate) remote: bool,
    /// Words that, beside the brand, show a third party's lawful use: fan pages, dealers, places.
    pub(crate) bystanders: Vec<Box<str>>,
    /// Whether it is the user's own: a file that says no source is. What it costs is told then.
    pub(crate) own: bool,
    /// Where it stands.
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

const KEYS: [&str; 14] = [
    "id",
    "name",
    "kind",
    "spellings",
    "domains",
    "endings",
    "collisions",
    "bystanders",
    "surname",
    "phrase",
    "remote",
    "source",
    "checked",
    "note",
];
const NATURES: [(&str, Nature); 2] =
    [("coined", Nature::Coined), ("dictionary", Nature::Dictionary)];

/// Read the brand that a file is, or those of its `[[brand]]` tables.
pub(super) fn read(
    file: &str,
    text: &str,
    brands: &mut Vec<Brand>,
    complaints: &mut Complaints<'_>,
) {
    let table = sheet::parse(text, complaints);
    let top = Sheet::new(&table);
    if top.has("brand") {
        for one in top.sheets("brand", complaints) {
            add(file, &one, brands, complaints);
        }
    } else {
        add(file, &top, brands, complaints);
    }
}

fn add(file: &str, sheet: &Sheet<'_>, brands: &mut Vec<Brand>, complaints: &mut Complaints<'_>) {
    let Some(brand) = read_one(file, sheet, complaints) else { return };
    let letters = |brand: &Brand| brand.spellings.iter().map(|one| one.len()).sum::<usize>();
    let others = brands.iter().filter(|other| other.id != brand.id);
    if others.map(letters).sum::<usize>().saturating_add(letters(&brand)) > SPELLING_LETTERS_MAX {
        let why = format!("there is no place for `{}`", shown(&brand.id));
        let fix = format!("all spellings have at most {SPELLING_LETTERS_MAX} letters: keep fewer");
        complaints.at(sheet.offset(), why, fix);
        return;
    }
    // A later file replaces an earlier one: the user's own stand in place of those built in.
    match brands.iter_mut().find(|other| other.id == brand.id) {
        Some(other) => *other = brand,
        None => brands.push(brand),
    }
}

fn read_one(file: &str, sheet: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Option<Brand> {
    sheet.only(&KEYS, complaints);
    let name = sheet.needed_text("name", "the brand's name as people write it", complaints)?;
    let id: Arc<str> = match sheet.text("id", complaints) {
        Some(id) => id.value.into(),
        None => letters(name.value).into(),
    };
    if id.is_empty() {
        let why = format!("`{}` has no letter of a host name", shown(name.value));
        complaints.at(name.offset, why, "give the brand an `id` of lower-case letters");
        return None;
    }
    let mut spellings: Vec<Box<str>> = Vec::new();
    let given = sheet.texts("spellings", complaints).unwrap_or_default();
    if given.is_empty() {
        let plain = letters(&id);
        if plain.len() < SPELLING_LEN_MIN {
            let why = format!(
                "`{id}` has fewer than {SPELLING_LEN_MIN} letters: they stand in everything"
            );
            complaints.at(
                name.offset,
                why,
                "give longer `spellings`, e.g. with the line of business",
            );
            return None;
        }
        spellings.push(plain.into());
    }
    for spelling in given {
        let plain = letters(spelling.value);
        if !(SPELLING_LEN_MIN..=63).contains(&plain.len()) {
            let why = format!("`{}` is no spelling that can be looked for", shown(spelling.value));
            complaints.at(spelling.offset, why, "write 4 to 63 letters and digits");
        } else {
            spellings.push(plain.into());
        }
    }
    let version = match sheet.has("checked") {
        true => sheet.needed_date("checked", complaints),
        false => None,
    };
    let nature =
        if sheet.has("kind") { sheet.word("kind", &NATURES, None, complaints) } else { None };
    let own = !sheet.has("source");
    let domains = sheet.texts("domains", complaints).unwrap_or_default();
    let domains = domains.into_iter().filter_map(|text| name_of(text, own, complaints)).collect();
    let mut words = |key| -> Vec<Box<str>> {
        let given = sheet.texts(key, complaints).unwrap_or_default();
        given.into_iter().filter_map(|text| word_of(text, complaints)).collect()
    };
    let collisions = words("collisions");
    let bystanders = words("bystanders");
    let endings = sheet.texts("endings", complaints).unwrap_or_default();
    let endings = endings.into_iter().filter_map(|text| ending_of(text, complaints)).collect();
    Some(Brand {
        id,
        name: name.value.into(),
        version: version.map_or_else(|| "-".into(), |date| date.value.into()),
        nature,
        spellings,
        domains,
        endings,
        collisions,
        common: sheet.flag("surname", complaints) | sheet.flag("phrase", complaints),
        remote: sheet.flag("remote", complaints),
        bystanders,
        own,
        file: file.into(),
        line: complaints.place(sheet.offset()).0,
    })
}

/// Fewer letters than these stand in every tenth name.
const SPELLING_LEN_MIN: usize = 4;

/// An ending under which names are registered. Any other would own nothing, without a word.
fn ending_of(text: Placed<&str>, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    let ending = text.value.to_ascii_lowercase();
    if naming::public(&ending) == Public::No {
        let why = format!("`{}` is no ending that names are registered under", shown(text.value));
        complaints.at(text.offset, why, "write it without a dot before it: `de`, `co.uk`");
        return None;
    }
    Some(ending.into())
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The letters of a word beside a brand. A word without any would fit everywhere.
fn word_of(text: Placed<&str>, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    let plain = letters(text.value);
    if plain.is_empty() {
        let why = format!("`{}` has no letter of a host name", shown(text.value));
        complaints.at(text.offset, why, "write letters and digits");
        return None;
    }
    Some(plain.into())
}

/// A name that the brand owns. A brand may have a top-level label of its own (`.brand`), but only
/// where somebody says so: `com` would make every name under it the brand's.
fn name_of(text: Placed<&str>, own: bool, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    match naming::normalise(text.value) {
        Ok(name) => Some(name.into()),
        Err(NotAName::OneLabel) if !own => Some(text.value.to_ascii_lowercase().into()),
        Err(error) => {
            let why = format!("`{}` {}", shown(text.value), error.why());
            let fix = match error {
                NotAName::Wildcard => "write the name without the `*.`: all below it counts too",
                NotAName::Address => "leave it out: only names are compared",
                error => error.fix(),
            };
            complaints.at(text.offset, why, fix);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_have_a_bound() {
        let text: String = (0..1300)
            .map(|number| format!("[[brand]]\nname = 'Acmewerke {number:04}'\n"))
            .collect();
        let (mut brands, mut complaints) = (Vec::new(), Complaints::new("own.toml", &text));
        read("own.toml", &text, &mut brands, &mut complaints);
        assert_eq!(brands.len(), SPELLING_LETTERS_MAX / 13);
        let complaints = complaints.finish();
        assert_eq!(complaints[0].why, "there is no place for `acmewerke1260`");
        // In place of one that is there it has its place.
        let again = "name = 'Acmewerke 0000'\ndomains = ['acmewerke.example']\n";
        let mut complaints = Complaints::new("own.toml", again);
        read("own.toml", again, &mut brands, &mut complaints);
        assert_eq!(complaints.finish(), []);
        assert_eq!(brands[0].domains, [Box::from("acmewerke.example")]);
    }
}
