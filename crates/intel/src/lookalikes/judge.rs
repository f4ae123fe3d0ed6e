//! From a name to what it pretends.

use model::LureKind;

use super::brand::{Brand, Nature};
use super::name::{self, Name};
use super::score::{Beside, Marked};
use super::spans::{Span, Spelling};
use super::variants::Way;
use super::view::View;
use super::vocabulary::Ending;
use super::words::Parts;
use super::{LookAlikes, grammar, score, view};
use crate::naming;

/// What was found in a name.
pub(super) struct Found {
    pub(super) kind: LureKind,
    pub(super) brand: Option<u16>,
    pub(super) method: &'static str,
    pub(super) distance: u8,
    pub(super) score: u8,
    /// Where the brand stands.
    span: Option<Span>,
    /// The name as it looks, where it is not in ASCII.
    unveiled: Option<String>,
    /// What its registered label is made of.
    parts: Option<Box<Parts>>,
}

/// What is found out once for the labels below the registered one.
#[derive(Default)]
struct Below {
    /// Whether the name stands below one that carries others' names.
    carried: Option<bool>,
    /// Where the last label that was taken apart begins, and its parts.
    label: Option<(usize, Parts)>,
}

/// Steps, where somebody asks for them.
pub(super) struct Trace<'t>(pub(super) Option<&'t mut Vec<String>>);

impl Trace<'_> {
    fn say(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }
}

impl LookAlikes {
    /// What a name pretends. What was found before is told again, and nothing else is looked for.
    pub(super) fn examine(
        &self,
        name: &str,
        known: Option<&Found>,
        trace: &mut Trace<'_>,
    ) -> Option<Found> {
        let name = view::last(name);
        let unveiled = match known {
            Some(known) => known.unveiled.clone(),
            None => view::unveil(name, &self.vocabulary),
        };
        let text = unveiled.as_deref().unwrap_or(name);
        trace.say(|| {
            let skeleton: String =
                text.bytes().map(|octet| char::from(self.folds.of(octet))).collect();
            format!("skeleton: {name} looks like {text}, which is read as {skeleton}")
        });
        let (spans, triggered) = match known {
            Some(known) => (known.span.into_iter().collect(), known.kind == LureKind::Lure),
            None => self.look_for(text)?,
        };
        if spans.is_empty() && !triggered {
            trace.say(|| "brands: no part of it is close to one".to_owned());
            return None;
        }
        if let Some(brand) = self.owner(name) {
            trace.say(|| format!("allow-list: {name} is {}'s own", brand.name));
            return None;
        }
        trace.say(|| "allow-list: no brand owns it".to_owned());
        let split = Name::split(name, text, &self.vocabulary)?;
        trace.say(|| {
            let label = String::from_utf8_lossy(split.label()).into_owned();
            format!("label: {label} is what somebody registered, under {}", split.suffix())
        });
        let own = match known {
            Some(_) => None,
            None => Some(Box::new(self.words.part(split.label()))),
        };
        let parts = known.and_then(|known| known.parts.as_deref()).or(own.as_deref())?;
        trace.say(|| split.told(parts));
        let mut best: Option<Found> = None;
        let mut below = Below::default();
        for span in &spans {
            let changed = unveiled.is_some() && !name::is_as_written(name, text, span.end);
            let found = self.weigh_span(&split, parts, &mut below, (span, changed), trace);
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.score > best.score)
            {
                best = Some(found);
            }
            // Nothing that is left would say more; who asks for every step sees all.
            let sure = best.as_ref().is_some_and(|best| best.score >= SURE);
            if sure && trace.0.is_none() {
                break;
            }
        }
        let lure = split.ending.filter(|_| triggered).and_then(|ending| {
            let shape = grammar::shape(split.label(), parts, ending)?;
            trace.say(|| format!("lure: it has the shape {}, score {}", shape.method, shape.score));
            Some(Found {
                kind: LureKind::Lure,
                brand: None,
                method: shape.method,
                distance: 0,
                score: shape.score,
                span: None,
                unveiled: None,
                parts: None,
            })
        });
        let best = best.filter(|found| found.score >= score::NOTE);
        let lure = lure.filter(|found| found.score >= grammar::NOTE);
        let found = match (best, lure) {
            (Some(best), Some(lure)) if best.score < score::ALERT && lure.score > best.score => {
                Some(lure)
            }
            (best, lure) => best.or(lure),
        };
        found.map(|found| Found { unveiled, parts: own, ..found })
    }

    /// Places that are a brand or nearly, and whether the name may have the shape of a help desk's.
    fn look_for(&self, text: &str) -> Option<(Vec<Span>, bool)> {
        let top = text.rfind('.')?;
        let mut spans: Vec<Span> = Vec::new();
        let mut view = View::new(text, top, &self.folds);
        let triggered = self.ends_oddly(text) && self.spans.triggered(&view);
        self.spans.find(text, top, &view, &self.folds, false, &mut spans);
        if view.read_pairs(&self.folds) {
            self.spans.find(text, top, &view, &self.folds, true, &mut spans);
        }
        self.spans.find_far(text, top, &self.folds, &mut spans);
        Some((spans, triggered))
    }

    /// Whether the name's last labels are such that its shape counts.
    fn ends_oddly(&self, text: &str) -> bool {
        let mut ends = text.rmatch_indices('.').take(2).filter_map(|(at, _)| text.get(at + 1..));
        ends.any(|end| self.vocabulary.ending(end).is_some())
    }

    /// Whose the name is, where a brand owns it or what it stands below. Below a name that hands
    /// out names to anyone, a tenant's is its own.
    fn owner(&self, name: &str) -> Option<&Brand> {
        let registered = naming::registrable(name).unwrap_or(name).len();
        let mut rest = name;
        loop {
            let top = !rest.contains('.');
            if let Some(number) = self.owned.get(rest).filter(|_| rest.len() >= registered || top) {
                return self.brands.get(usize::from(*number));
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// Whether the name stands below one that carries others' names.
    fn is_carried(&self, name: &str) -> bool {
        let mut rest = name;
        while let Some((_, parent)) = rest.split_once('.') {
            rest = parent;
            if self.vocabulary.carriers.contains(rest) {
                return true;
            }
        }
        false
    }

    fn weigh_span(
        &self,
        name: &Name<'_>,
        parts: &Parts,
        below: &mut Below,
        (span, unveiled): (&Span, bool),
        trace: &mut Trace<'_>,
    ) -> Option<Found> {
        let spelling = self.spans.spelling(span.spelling)?;
        let brand = self.brands.get(usize::from(spelling.brand))?;
        let shown = || name.text.get(span.start..span.end).unwrap_or_default();
        let found = *span;
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
            self.weigh_label(name, parts, (&span, spelling, brand), trace)?
        } else if span.end > name.start {
            // `mic.rosoft.com`: a dot inside the brand.
            let whole = span.end == name.end;
            let exact = matches!(span.way, Way::Exact | Way::Homoglyph);
            let coined = spelling.nature == Nature::Coined;
            let base = if whole && exact && coined { SPLIT_BY_DOT } else { 0 };
            trace.say(|| format!("span: {} has a dot inside {}: {base}", shown(), brand.name));
            (base, "split-by-dot")
        } else {
            let base = self.weigh_below(name, below, (&span, spelling.nature, brand), trace)?;
            (base, "sub-domain")
        };
        let score = self.weigh_ending(name, base, method, trace);
        Some(Found {
            kind: LureKind::Imitation,
            brand: Some(spelling.brand),
            method,
            distance: span.distance,
            score,
            span: Some(found),
            unveiled: None,
            parts: None,
        })
    }

    /// A span in the registered label: its score, and the technique's name.
    fn weigh_label(
        &self,
        name: &Name<'_>,
        parts: &Parts,
        (span, spelling, brand): (&Span, &Spelling, &Brand),
        trace: &mut Trace<'_>,
    ) -> Option<(u8, &'static str)> {
        let shown = || name.text.get(span.start..span.end).unwrap_or_default();
        let place = (span.start - name.start, span.end - name.start);
        if let Some(accident) = score::accident(parts, name.label(), place, span, spelling.nature) {
            let why = accident.word();
            trace.say(|| format!("span: {} is no {}: {why}", shown(), brand.name));
            return None;
        }
        let around = score::around(parts, name.label(), place, &brand.bystanders);
        let marked = Marked {
            nature: spelling.nature,
            len: spelling.text.len(),
            common: brand.common,
            remote: spelling.remote,
        };
        let base = score::registered(span, marked, around);
        trace.say(|| {
            let how = span.way.word();
            let beside = around.beside.word();
            let (shown, brand) = (shown(), &brand.name);
            let edits = match span.distance {
                1 => "1 edit".to_owned(),
                edits => format!("{edits} edits"),
            };
            format!("span: {shown} is {brand} by {how} ({edits}), beside {beside}: {base}")
        });
        let method = match (span.way, around.beside) {
            (Way::Exact, Beside::Nothing) if shown().contains('-') => "hyphenation",
            (Way::Exact, Beside::Nothing) => "ending",
            (Way::Exact, _) => "combination",
            (way, _) => way.word(),
        };
        Some((base, method))
    }

    /// What the ending makes of a score.
    fn weigh_ending(&self, name: &Name<'_>, base: u8, method: &str, trace: &mut Trace<'_>) -> u8 {
        let mut score = base;
        // Under a network that delivers for others, a brand's own name is a customer's.
        if method == "ending" && self.vocabulary.carriers.contains(name.suffix()) {
            score = score.min(score::NOTE);
            trace.say(|| format!("ending: {} carries others' names, {score}", name.suffix()));
        }
        if score > 0 && name.ending.is_some_and(Ending::is_cheap) {
            score = score.saturating_add(CHEAP_BONUS).min(100);
            trace.say(|| format!("ending: cheap, {score}"));
        }
        if !name.public {
            score = score.min(UNREGISTRABLE_MAX);
            trace.say(|| format!("ending: nobody can register it, at most {score}"));
        }
        score
    }

    /// A span in a label below the registered one.
    fn weigh_below(
        &self,
        name: &Name<'_>,
        below: &mut Below,
        (span, nature, brand): (&Span, Nature, &Brand),
        trace: &mut Trace<'_>,
    ) -> Option<u8> {
        if *below.carried.get_or_insert_with(|| self.is_carried(name.text)) {
            trace.say(|| "sub-domain: what it stands below carries others' names".to_owned());
            return None;
        }
        let text = name.text;
        let label_start = text.get(..span.start)?.rfind('.').map_or(0, |dot| dot + 1);
        let label_end = text.get(span.end..)?.find('.').map_or(text.len(), |dot| span.end + dot);
        if text.get(span.start..span.end)?.contains('.') {
            return None;
        }
        let label = text.get(label_start..label_end)?;
        // Spans come label by label, so the last one taken apart is most often this one.
        if below.label.as_ref().is_none_or(|(start, _)| *start != label_start) {
            below.label = Some((label_start, self.words.part(label.as_bytes())));
        }
        let (_, parts) = below.label.as_ref()?;
        let place = (span.start - label_start, span.end - label_start);
        if score::accident(parts, label.as_bytes(), place, span, nature).is_some() {
            return None;
        }
        let around = score::around(parts, label.as_bytes(), place, &brand.bystanders);
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

/// A score with which a name is judged, whatever else stands in it.
const SURE: u8 = 80;
/// The score of a coined brand with a dot inside it.
const SPLIT_BY_DOT: u8 = 62;
/// What a cheap ending adds.
const CHEAP_BONUS: u8 = 6;
/// The most that a name scores which nobody can register: an inner name, or one cut off.
const UNREGISTRABLE_MAX: u8 = score::ALERT - 15;

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
