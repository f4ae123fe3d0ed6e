//! How much a name that shows a brand looks like a lie: by the kind of evidence, never by summing
//! up unrelated words.

use super::brand::Nature;
use super::spans::Span;
use super::variants::Way;
use super::vocabulary::Class;
use super::words::{Part, Parts};

/// From here on an imitation is worth an alert by its name alone.
pub(super) const ALERT: u8 = 60;
/// From here on it is noted.
pub(super) const NOTE: u8 = 40;

/// What stands beside the brand in its label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beside {
    Nothing,
    /// Words of help desks and of what a victim is to do.
    Telling,
    /// Such words among others.
    Mixed,
    /// Words that say nothing.
    Glue,
    Digits,
    /// Words of trade, honest or not.
    Trade,
    /// A word or two of the language.
    Words,
    /// Letters that are no words.
    Junk,
    /// What shows a third party's lawful use.
    Bystander,
}

impl Beside {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Beside::Nothing => "nothing",
            Beside::Telling => "words of help desks and accounts",
            Beside::Mixed => "words of help desks and accounts among others",
            Beside::Glue => "words that say nothing",
            Beside::Digits => "digits",
            Beside::Trade => "words of trade",
            Beside::Words => "other words",
            Beside::Junk => "letters that are no words",
            Beside::Bystander => "a word that shows a third party's lawful use",
        }
    }
}

/// What stands around a span in a label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub(super) beside: Beside,
    /// Whether the label's ends or hyphens part the brand from the rest.
    pub(super) parted: bool,
    /// Letters that are no words.
    pub(super) strays: u32,
    /// Whether the label, or a word of it, begins with the brand.
    pub(super) leads: bool,
}

/// Why letters that are a brand's do not mean it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Accident {
    /// A word reaches over the span's end.
    Straddled,
    /// A word holds the span.
    Held,
    /// The span itself is of other words.
    Explained,
}

impl Accident {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Accident::Straddled => "a word reaches over its end",
            Accident::Held => "a longer word holds it",
            Accident::Explained => "it is other words",
        }
    }
}

/// How English words end besides their stem: `screenconnected` still shows the brand.
const INFLECTIONS: [&[u8]; 8] = [b"s", b"es", b"ed", b"er", b"ers", b"ing", b"d", b"r"];

/// What a brand costs where a label is taken apart, in tenths of a bit: as much as a frequent word.
const COINED_COST: u32 = 100;
const DICTIONARY_COST: u32 = 150;
/// What a letter that is wrong in it costs besides.
const TYPED_COST: u32 = 60;

/// Whether the letters of the span belong to other words. `start` and `end` are of the label.
pub(super) fn accident(
    parts: &Parts,
    label: &[u8],
    (start, end): (usize, usize),
    span: &Span,
    nature: Nature,
) -> Option<Accident> {
    let typed = !matches!(span.way, Way::Exact | Way::Homoglyph);
    let (mut within, mut straddled, mut mostly, mut held) = (false, false, false, false);
    let mut all_words = true;
    let (mut at_start, mut at_end) = (false, false);
    for (from, to, part) in parts.all() {
        at_start |= from == start;
        at_end |= to == end;
        if to <= start || from >= end {
            continue;
        }
        let Part::Word(class) = part else {
            all_words = false;
            continue;
        };
        within = true;
        all_words &= to.saturating_sub(from) >= 3;
        let inside = to.min(end).saturating_sub(from.max(start));
        mostly |= inside.saturating_mul(10) >= end.saturating_sub(start).saturating_mul(6);
        let holds = from <= start && to >= end;
        let equal = (from, to) == (start, end);
        if equal && class == Class::Other {
            return Some(Accident::Held);
        }
        held |= holds && !equal;
        if holds && typed && class == Class::Plain {
            return Some(Accident::Explained);
        }
        let crosses = from < start || to > end;
        let tail = label.get(end..to).unwrap_or_default();
        let ending = nature == Nature::Coined && from > start && INFLECTIONS.contains(&tail);
        straddled |= crosses && !ending && to.saturating_sub(from) >= 4;
    }
    let own = match nature {
        Nature::Coined => COINED_COST,
        Nature::Dictionary => DICTIONARY_COST,
    };
    let own = own.saturating_add(if typed { TYPED_COST } else { 0 });
    // `pineapple` is one word; in `supportrustdesk` the brand leaves a word whole that `trustdesk`
    // would break.
    if (held || straddled) && parts.cost() <= parts.cost_around(start, end, own) {
        return Some(if held { Accident::Held } else { Accident::Straddled });
    }
    // A coined brand with a letter wrong may well be of words: that is why it was coined.
    let whole = start == 0 && parts.after(end).next().is_none();
    let explained = typed && within && all_words && at_start && at_end;
    let forgiven = whole && nature == Nature::Coined && span.way != Way::TwoEdits;
    let explained = explained && !forgiven;
    // A letter away from a word-like brand, and one of its words left whole: `ad-service`.
    let kept = typed && mostly && nature == Nature::Dictionary;
    (explained || kept).then_some(Accident::Explained)
}

/// What stands around the span. `label` is the whole label; `bystanders` are in order.
pub(super) fn around(
    parts: &Parts,
    label: &[u8],
    (start, end): (usize, usize),
    bystanders: &[Box<str>],
) -> Around {
    let gap = |at: Option<usize>| {
        at.and_then(|at| label.get(at)).is_none_or(|octet| !octet.is_ascii_alphanumeric())
    };
    let leads = gap(start.checked_sub(1));
    let parted = leads && gap(Some(end));
    let (mut telling, mut glue, mut plain, mut digits, mut junk) = (0u32, 0u32, 0u32, 0u32, 0u32);
    let mut trade = 0u32;
    let mut bystander = false;
    for (from, to, part) in parts.before(start).chain(parts.after(end)) {
        if matches!(part, Part::Word(_)) && to.saturating_sub(from) >= 3 {
            let text = label.get(from..to).unwrap_or_default();
            if bystanders.binary_search_by(|word| word.as_bytes().cmp(text)).is_ok() {
                bystander = true;
                continue;
            }
        }
        let count = match part {
            Part::Word(Class::Help | Class::Stem | Class::Access | Class::Around) => &mut telling,
            Part::Word(Class::Glue | Class::Machine) => &mut glue,
            Part::Word(Class::Trade) => &mut trade,
            // A word of two letters is as good as none.
            Part::Word(_) if to.saturating_sub(from) < 3 => &mut junk,
            Part::Word(_) => &mut plain,
            Part::Digits => &mut digits,
            Part::Letter => &mut junk,
            Part::Gap => continue,
        };
        *count = count.saturating_add(1);
    }
    let beside = if bystander {
        Beside::Bystander
    } else if telling > 0 && plain == 0 && trade == 0 && junk <= 2 {
        Beside::Telling
    } else if telling > 0 {
        Beside::Mixed
    } else if plain > 0 {
        Beside::Words
    } else if trade > 0 && junk <= 2 {
        Beside::Trade
    } else if junk > 0 {
        Beside::Junk
    } else if glue > 0 {
        Beside::Glue
    } else if digits > 0 {
        Beside::Digits
    } else {
        Beside::Nothing
    };
    Around { beside, parted, strays: junk, leads }
}

/// What a brand is that matters to a score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marked {
    pub(super) nature: Nature,
    /// Letters of the spelling.
    pub(super) len: usize,
    /// Whether people say it without meaning the brand.
    pub(super) common: bool,
    pub(super) remote: bool,
}

/// The score of a span in a registered label.
pub(super) fn registered(span: &Span, brand: Marked, around: Around) -> u8 {
    use Beside::{Bystander, Digits, Glue, Junk, Mixed, Nothing, Telling, Trade, Words};
    let Around { beside, parted, strays, leads } = around;
    let Marked { nature, len, common, remote } = brand;
    match (nature, span.way) {
        (Nature::Coined, Way::Exact) => match beside {
            Telling | Glue => 85,
            Mixed => 80,
            Nothing | Digits => 75,
            Trade if common && !parted => 55,
            Trade => 72,
            Words if common && !parted => 50,
            Junk if common && strays > 1 && !parted => 50,
            Junk => 70,
            Words if parted || remote => 65,
            Words => 62,
            Bystander => 45,
        },
        (Nature::Coined, Way::Homoglyph) => match beside {
            Nothing | Telling | Glue => 90,
            Mixed => 85,
            Digits => 75,
            Trade | Junk | Words if parted => 70,
            Trade | Junk | Words => 62,
            Bystander => 45,
        },
        (Nature::Coined, Way::TwoEdits) => match beside {
            Nothing if len >= 10 => 65,
            Nothing => 60,
            Telling | Mixed | Glue | Digits => 50,
            Trade | Junk | Words => 45,
            Bystander => 30,
        },
        (Nature::Coined, _) => match beside {
            Telling | Glue => 80,
            Nothing => 75,
            Mixed => 70,
            Digits => 65,
            Trade => 62,
            Junk | Words if parted => 62,
            Junk if remote => 55,
            Junk | Words if len >= 8 => 55,
            Junk | Words => 45,
            Bystander => 30,
        },
        (Nature::Dictionary, Way::Exact) => match beside {
            Telling => 72,
            Mixed if parted => 65,
            Mixed => 62,
            Nothing => 62,
            Glue | Digits | Trade | Junk | Words if remote && leads => 60,
            Glue => 52,
            Digits => 45,
            Junk if parted && len >= 6 => 60,
            Junk if strays == 1 && len >= 6 => 60,
            Trade | Junk | Words if parted => 54,
            Trade | Junk | Words => 42,
            Bystander => 20,
        },
        (Nature::Dictionary, Way::Homoglyph) => match beside {
            Nothing => 75,
            // Digits and letters of another word: `webappick`, `cn-app13`.
            _ if !parted || span.distance > 1 => 40,
            Telling => 82,
            Mixed => 70,
            Glue => 65,
            Digits => 50,
            Trade | Junk | Words => 50,
            Bystander => 20,
        },
        (Nature::Dictionary, way) => {
            let long = len >= 6;
            match beside {
                Telling if long && parted => 65,
                Telling if long => 62,
                Telling => 45,
                Nothing => match way {
                    // Fingers slip so; other firms' names differ by a letter of their own.
                    Way::Repetition | Way::Transposition | Way::Insertion => 62,
                    _ if long => 55,
                    _ => 45,
                },
                Mixed | Glue if long => 48,
                _ => 20,
            }
        }
    }
}
