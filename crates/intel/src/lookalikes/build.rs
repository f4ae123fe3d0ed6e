//! Brands, vocabulary and words in, everything that a name is compared with out.

use std::collections::HashMap;

use super::brand::{self, Brand, Nature};
use super::spans::{Given, Spans};
use super::view::Folds;
use super::vocabulary::{Class, Vocabulary};
use super::words::{Ranked, Words};
use super::{LookAlikes, cost};
use crate::sheet::Complaints;

/// Takes brands and vocabulary, and makes [`LookAlikes`] of them.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    brands: Vec<Brand>,
    vocabulary: Vocabulary,
    ranked: Ranked,
}

impl Builder {
    /// Add the brand of a file, or those of its `[[brand]]` tables.
    pub(crate) fn read_brands(&mut self, file: &str, text: &str, complaints: &mut Complaints<'_>) {
        brand::read(file, text, &mut self.brands, complaints);
    }

    /// Add words, endings and letters that look alike.
    pub(crate) fn read_vocabulary(&mut self, text: &str, complaints: &mut Complaints<'_>) {
        self.vocabulary.read(text, complaints);
    }

    /// Add words of a language, the most frequent first, one a line; `#` begins a remark.
    pub(crate) fn read_words(&mut self, text: &str) {
        self.ranked.read(text);
    }

    /// The index.
    pub(crate) fn build(self) -> LookAlikes {
        let Builder { mut brands, mut vocabulary, ranked } = self;
        brands.iter_mut().for_each(|brand| brand.bystanders.sort_unstable());
        let folds = Folds::new(&vocabulary);
        let mut given: Vec<(Box<str>, Class)> = Vec::new();
        let mut others: Vec<(Box<str>, Class)> = Vec::new();
        let mut spellings = Vec::new();
        let mut owned = HashMap::default();
        let mut notes = Vec::new();
        for (number, brand) in (0u16..).zip(&brands) {
            given.extend(brand.collisions.iter().map(|word| (word.clone(), Class::Other)));
            others.extend(brand.bystanders.iter().map(|word| (word.clone(), Class::Plain)));
            let nature = |spelling: &str| nature_of(spelling, brand.nature, &ranked);
            let natures: Vec<Nature> = brand.spellings.iter().map(|one| nature(one)).collect();
            if brand.own {
                cost::warn(brand, &natures, &ranked, &folds, &mut notes);
            }
            for (spelling, nature) in brand.spellings.iter().zip(natures) {
                for ending in &brand.endings {
                    owned.insert(format!("{spelling}.{ending}").into_boxed_str(), number);
                }
                let remote = brand.remote && !ranked.contains(spelling);
                spellings.push(Given { brand: number, nature, remote, text: spelling.clone() });
            }
            for domain in &brand.domains {
                owned.insert(domain.clone(), number);
            }
        }
        let spans = Spans::new(spellings, vocabulary.triggers(), &folds);
        given.append(&mut vocabulary.words);
        given.append(&mut others);
        let words = Words::new(&given, ranked);
        LookAlikes { brands, vocabulary, folds, spans, words, owned, notes }
    }
}

/// What a spelling is when its file does not say: letters that are a word, or few, stand elsewhere
/// too.
fn nature_of(spelling: &str, said: Option<Nature>, ranked: &Ranked) -> Nature {
    match said {
        Some(said) => said,
        None if spelling.len() < COINED_LEN_MIN => Nature::Dictionary,
        _ if ranked.contains(spelling) => Nature::Dictionary,
        _ => Nature::Coined,
    }
}

/// From how many letters on a spelling without a word of its file is held to be coined.
const COINED_LEN_MIN: usize = 7;
