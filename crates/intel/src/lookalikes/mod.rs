//! Whether a name imitates a brand, or speaks like a help desk.
//!
//! docs/lookalikes.md tells the way of a name through these files: `view` reads it as ASCII whatever
//! its script, `spans` finds brands in it, `words` takes its label apart, `score` says what that
//! amounts to, `grammar` knows the shapes of help desks.

mod brand;
mod cost;
mod grammar;
mod score;
mod spans;
mod view;
mod vocabulary;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use model::{Complaint, Lure, LureKind};

use crate::naming::{self, Public};
use crate::sheet::Complaints;
use brand::{Brand, Nature};
use score::{Beside, Marked};
use spans::{Given, Span, Spans, Way};
use view::{Folds, View};
use vocabulary::{Class, Ending, Vocabulary};
use words::{Part, Parts, Words};

/// Takes brands and vocabulary, and makes [`LookAlikes`] of them.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    brands: Vec<Brand>,
    vocabulary: Vocabulary,
    ranked: Vec<Box<str>>,
}

/// Everything that a name is compared with.
#[derive(Debug, Default)]
pub(crate) struct LookAlikes {
    brands: Vec<Brand>,
    vocabulary: Vocabulary,
    folds: Folds,
    spans: Spans,
    words: Words,
    /// Names that brands own, and which brand does.
    owned: HashMap<Box<str>, u16, RandomState>,
    /// What brands of the user's own cost.
    notes: Vec<Complaint>,
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
        let words = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let sound = |word: &&str| {
            (2..=words::LABEL_MAX).contains(&word.len())
                && word.bytes().all(|octet| octet.is_ascii_lowercase())
        };
        self.ranked.extend(words.filter(sound).map(Box::from));
    }

    /// The index.
    pub(crate) fn build(self) -> LookAlikes {
        let Builder { brands, mut vocabulary, ranked } = self;
        let folds = Folds::new(&vocabulary);
        let mut given: Vec<(Box<str>, Class)> = Vec::new();
        let mut others: Vec<(Box<str>, Class)> = Vec::new();
        let mut spellings = Vec::new();
        let mut owned = HashMap::default();
        let mut notes = Vec::new();
        for (number, brand) in (0u16..).zip(&brands) {
            given.extend(brand.collisions.iter().map(|word| (word.clone(), Class::Other)));
            others.extend(brand.bystanders.iter().map(|word| (word.clone(), Class::Plain)));
            let nature = |spelling: &Box<str>| nature_of(spelling, brand.nature, &ranked);
            let natures: Vec<Nature> = brand.spellings.iter().map(nature).collect();
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
        let words = Words::new(&given, &ranked);
        LookAlikes { brands, vocabulary, folds, spans, words, owned, notes }
    }
}

/// What a spelling is when its file does not say: letters that are a word, or few, stand elsewhere
/// too.
fn nature_of(spelling: &str, said: Option<Nature>, ranked: &[Box<str>]) -> Nature {
    let word = || ranked.iter().any(|word| **word == *spelling);
    match said {
        Some(said) => said,
        None if spelling.len() < COINED_LEN_MIN => Nature::Dictionary,
        _ if word() => Nature::Dictionary,
        _ => Nature::Coined,
    }
}

/// From how many letters on a spelling without a word of its file is held to be coined.
const COINED_LEN_MIN: usize = 7;
/// A name and its parts, as places in it.
struct Name<'a> {
    text: &'a str,
    /// Where the registered label begins and ends.
    start: usize,
    end: usize,
    ending: Option<Ending>,
    /// Whether the ending is one that names are registered under.
    public: bool,
}

impl Name<'_> {
    fn suffix(&self) -> &str {
        self.text.get(self.end..).unwrap_or_default().trim_start_matches('.')
    }

    fn label(&self) -> &[u8] {
        self.text.as_bytes().get(self.start..self.end).unwrap_or_default()
    }
}

/// What was found in a name.
struct Found {
    kind: LureKind,
    brand: Option<u16>,
    method: &'static str,
    distance: u8,
    score: u8,
}

/// Steps, where somebody asks for them.
struct Trace<'t>(Option<&'t mut Vec<String>>);

impl Trace<'_> {
    fn say(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }
}

impl LookAlikes {
    /// Whether a name lies, in the wire's spelling: lower case, A-labels, no trailing dot.
    pub(crate) fn judge(&self, name: &str) -> Option<Lure> {
        let found = self.examine(name, &mut Trace(None))?;
        let alert = match found.kind {
            LureKind::Imitation => score::ALERT,
            LureKind::Lure => grammar::ALERT,
        };
        let mut steps = Vec::new();
        self.examine(name, &mut Trace(Some(&mut steps)));
        let brand = found.brand.and_then(|number| self.brands.get(usize::from(number)));
        Some(Lure {
            kind: found.kind,
            brand: brand.map(|brand| (brand.id.clone(), brand.name.clone())),
            method: found.method,
            distance: found.distance,
            score: found.score,
            stands_alone: found.score >= alert,
            registrable: naming::registrable(name).unwrap_or(name).into(),
            steps,
        })
    }

    /// Every step of the judgement, for people.
    pub(crate) fn explain(&self, name: &str, steps: &mut Vec<String>) {
        self.examine(name, &mut Trace(Some(steps)));
    }

    /// The day on which what judged was checked: the brand's, else the vocabulary's.
    pub(crate) fn version(&self, lure: &Lure) -> Arc<str> {
        let of = |id: &Arc<str>| self.brands.iter().find(|brand| brand.id == *id);
        let brand = lure.brand.as_ref().and_then(|(id, _)| of(id));
        brand.map_or(&self.vocabulary.version, |brand| &brand.version).clone()
    }

    /// Warnings about brands that are short or common: no mistakes, but they cost alerts.
    pub(crate) fn notes(&self) -> &[Complaint] {
        &self.notes
    }

    /// How many brands there are.
    pub(crate) fn brands(&self) -> usize {
        self.brands.len()
    }

    fn examine(&self, name: &str, trace: &mut Trace<'_>) -> Option<Found> {
        if name.len() > view::LEN_MAX {
            return None;
        }
        let unveiled = view::unveil(name, &self.vocabulary);
        let text = unveiled.as_deref().unwrap_or(name);
        if let Some(text) = &unveiled {
            trace.say(|| format!("looks: {name} looks like {text}"));
        }
        let top = text.rfind('.')?;
        let mut spans: Vec<Span> = Vec::new();
        let mut view = View::new(text, top, &self.folds);
        let triggered = self.spans.find(text, top, &view, &self.folds, false, &mut spans);
        if view.read_pairs(&self.folds) {
            self.spans.find(text, top, &view, &self.folds, true, &mut spans);
        }
        self.spans.find_far(text, top, &self.folds, &mut spans);
        let triggered = triggered && self.ends_oddly(text);
        if spans.is_empty() && !triggered {
            trace.say(|| "brands: no part of it is close to one".to_owned());
            return None;
        }
        if let Some(brand) = self.owner(name) {
            trace.say(|| format!("brands: {name} is {}'s own", brand.name));
            return None;
        }
        let split = split(name, text, &self.vocabulary)?;
        trace.say(|| {
            let label = String::from_utf8_lossy(split.label()).into_owned();
            format!("label: {label} is what somebody registered")
        });
        let parts = self.words.part(split.label());
        trace.say(|| told_parts(&split, &parts));
        let changed = unveiled.is_some();
        let mut best: Option<Found> = None;
        for span in &spans {
            let found = self.weigh_span(&split, &parts, span, changed, trace);
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.score > best.score)
            {
                best = Some(found);
            }
        }
        let lure = split.ending.filter(|_| triggered).and_then(|ending| {
            let shape = grammar::shape(split.label(), &parts, ending)?;
            trace.say(|| format!("lure: it has the shape {}, score {}", shape.method, shape.score));
            Some(Found {
                kind: LureKind::Lure,
                brand: None,
                method: shape.method,
                distance: 0,
                score: shape.score,
            })
        });
        let best = best.filter(|found| found.score >= score::NOTE);
        let lure = lure.filter(|found| found.score >= grammar::NOTE);
        match (best, lure) {
            (Some(best), Some(lure)) if best.score < score::ALERT && lure.score > best.score => {
                Some(lure)
            }
            (best, lure) => best.or(lure),
        }
    }

    /// Whether the name's last labels are such that its shape counts.
    fn ends_oddly(&self, text: &str) -> bool {
        let mut ends = text.rmatch_indices('.').take(2).filter_map(|(at, _)| text.get(at + 1..));
        ends.any(|end| self.vocabulary.ending(end).is_some())
    }

    /// Whose the name is, where a brand owns it or what it stands below.
    fn owner(&self, name: &str) -> Option<&Brand> {
        let mut rest = name;
        loop {
            if let Some(number) = self.owned.get(rest)
                // Names that a company hands out to anyone are not its own.
                && (rest.len() == name.len() || naming::public(rest) != Public::Private)
            {
                return self.brands.get(usize::from(*number));
            }
            rest = rest.split_once('.')?.1;
        }
    }

    fn carrier<'n>(&self, name: &'n str) -> Option<&'n str> {
        let mut rest = name;
        while let Some((_, parent)) = rest.split_once('.') {
            rest = parent;
            if self.vocabulary.carriers.contains(rest) {
                return Some(rest);
            }
        }
        None
    }

    fn weigh_span(
        &self,
        name: &Name<'_>,
        parts: &Parts,
        span: &Span,
        unveiled: bool,
        trace: &mut Trace<'_>,
    ) -> Option<Found> {
        let spelling = self.spans.spelling(span.spelling)?;
        let brand = self.brands.get(usize::from(spelling.brand))?;
        let shown = || name.text.get(span.start..span.end).unwrap_or_default();
        let mut span = *span;
        // What was not written in ASCII looks like the brand; it is not it.
        if unveiled && span.way == Way::Exact {
            span.way = Way::Homoglyph;
            span.distance = 1;
        }
        if is_stretched(&span, shown(), spelling.text.len()) {
            return None;
        }
        let (base, method) = if span.end > name.end {
            return None;
        } else if span.start >= name.start {
            let place = (span.start - name.start, span.end - name.start);
            if let Some(accident) =
                score::accident(parts, name.label(), place, &span, spelling.nature)
            {
                trace.say(|| format!("span: {} is no {}: {accident:?}", shown(), brand.name));
                // Words that happen to be a letter away from a brand are noted where one speaks of
                // help besides.
                return None;
            }
            let around = score::around(parts, name.label(), place, &brand.bystanders);
            let marked = Marked {
                nature: spelling.nature,
                len: spelling.text.len(),
                common: brand.common,
                remote: spelling.remote,
            };
            let base = score::registered(&span, marked, around);
            trace.say(|| {
                let how = span.way.word();
                let beside = around.beside.word();
                format!(
                    "span: {} is {} by {how} ({} edits), beside {beside}: {base}",
                    shown(),
                    brand.name,
                    span.distance
                )
            });
            let method = match (span.way, around.beside) {
                (Way::Exact, Beside::Nothing) if shown().contains('-') => "hyphenation",
                (Way::Exact, Beside::Nothing) => "ending",
                (Way::Exact, _) => "combination",
                (way, _) => way.word(),
            };
            (base, method)
        } else if span.end > name.start {
            // `mic.rosoft.com`: a dot inside the brand.
            let whole = span.end == name.end;
            let exact = matches!(span.way, Way::Exact | Way::Homoglyph);
            let coined = spelling.nature == Nature::Coined;
            let base = if whole && exact && coined { 62 } else { 0 };
            trace.say(|| format!("span: {} has a dot inside {}: {base}", shown(), brand.name));
            (base, "split-by-dot")
        } else {
            let base = self.weigh_below(name, &span, spelling.nature, brand, trace)?;
            (base, "sub-domain")
        };
        let mut score = base;
        // Under a network that delivers for others, a brand's own name is a customer's.
        if method == "ending" && self.vocabulary.carriers.contains(name.suffix()) {
            score = score.min(score::NOTE);
            trace.say(|| format!("ending: {} carries others' names, {score}", name.suffix()));
        }
        if score > 0 && name.ending.is_some_and(Ending::is_cheap) {
            score = score.saturating_add(6).min(100);
            trace.say(|| format!("ending: cheap, {score}"));
        }
        if !name.public {
            score = score.min(score::ALERT - 15);
            trace.say(|| format!("ending: nobody can register it, at most {score}"));
        }
        Some(Found {
            kind: LureKind::Imitation,
            brand: Some(spelling.brand),
            method,
            distance: span.distance,
            score,
        })
    }

    /// A span in a label below the registered one.
    fn weigh_below(
        &self,
        name: &Name<'_>,
        span: &Span,
        nature: Nature,
        brand: &Brand,
        trace: &mut Trace<'_>,
    ) -> Option<u8> {
        if let Some(carrier) = self.carrier(name.text) {
            trace.say(|| format!("sub-domain: {carrier} carries others' names"));
            return None;
        }
        let text = name.text;
        let label_start = text.get(..span.start)?.rfind('.').map_or(0, |dot| dot + 1);
        let label_end = text.get(span.end..)?.find('.').map_or(text.len(), |dot| span.end + dot);
        if text.get(span.start..span.end)?.contains('.') {
            return None;
        }
        let label = text.get(label_start..label_end)?;
        let parts = self.words.part(label.as_bytes());
        let place = (span.start - label_start, span.end - label_start);
        if score::accident(&parts, label.as_bytes(), place, span, nature).is_some() {
            return None;
        }
        let around = score::around(&parts, label.as_bytes(), place, &brand.bystanders);
        let next = text.get(label_end..)?.trim_start_matches('.');
        let next_word = next.split(['.', '-']).next().unwrap_or_default();
        let whole = around.beside == Beside::Nothing;
        let exact = matches!(span.way, Way::Exact | Way::Homoglyph);
        let ends_like_name = whole && matches!(next_word, "com" | "net" | "org" | "co");
        let coined = nature == Nature::Coined;
        let rest = label.get(place.1..).unwrap_or_default();
        let hyphen_com = rest.starts_with("-com") && around.parted;
        let base = match (exact, coined, around.beside) {
            (true, _, _) if ends_like_name => 80,
            (true, true, _) if hyphen_com => 68,
            (true, true, Beside::Telling | Beside::Mixed) if around.parted => 64,
            (true, true, Beside::Telling) => 60,
            (true, false, Beside::Telling) if around.parted => 52,
            (true, true, _) => 45,
            (false, true, Beside::Telling) if around.parted => 52,
            (false, true, Beside::Nothing) => 45,
            (true, false, Beside::Nothing) => 40,
            _ => 0,
        };
        trace.say(|| format!("sub-domain: {label}, beside {}: {base}", around.beside.word()));
        Some(base)
    }
}

/// Whether an edit comes with more liberties than one imitation takes: `pay-p1` for a brand of six
/// letters, a hyphen and two edits.
fn is_stretched(span: &Span, shown: &str, len: usize) -> bool {
    let hyphen = shown.contains('-');
    let digits = shown.bytes().filter(u8::is_ascii_digit).count();
    match span.way {
        Way::Exact | Way::Homoglyph => false,
        Way::TwoEdits => hyphen || digits > 0,
        // One digit may be the edit itself.
        Way::Insertion | Way::Repetition | Way::Replacement => digits > 1 || (hyphen && len < 7),
        _ => (digits > 0 && len < 9) || (hyphen && len < 7),
    }
}

/// Where the registered label of a name stands. `text` is the name as it looks, of as many labels.
fn split<'a>(name: &str, text: &'a str, vocabulary: &Vocabulary) -> Option<Name<'a>> {
    let suffix = psl::suffix(name.as_bytes())?;
    let public = suffix.is_known();
    let ending = std::str::from_utf8(suffix.as_bytes()).ok()?;
    let labels = ending.split('.').count();
    let mut end = text.len();
    for _ in 0..labels {
        end = text.get(..end)?.rfind('.')?;
    }
    let start = text.get(..end)?.rfind('.').map_or(0, |dot| dot.saturating_add(1));
    let class = vocabulary.ending(ending).or_else(|| {
        // `us.com` and its like are listed whole; else the last label speaks.
        let private = suffix.typ() == Some(psl::Type::Private);
        ending.rsplit('.').next().filter(|_| !private).and_then(|last| vocabulary.ending(last))
    });
    Some(Name { text, start, end, ending: class, public })
}

fn told_parts(name: &Name<'_>, parts: &Parts) -> String {
    let label = name.label();
    let pieces = parts.all().map(|(start, end, part)| {
        let text = String::from_utf8_lossy(label.get(start..end).unwrap_or_default());
        match part {
            Part::Word(Class::Plain) => format!("{text} (word)"),
            Part::Word(class) => format!("{text} ({class:?})"),
            Part::Digits | Part::Letter | Part::Gap => text.into_owned(),
        }
    });
    format!("words: {}", pieces.collect::<Vec<_>>().join(" "))
}
