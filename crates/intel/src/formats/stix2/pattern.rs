//! A STIX pattern, taken apart into the values that it names (STIX 2.1 §9).
//!
//! Values joined by `OR`, by `IN` or in observations joined by `OR` are indicators, each for
//! itself. Of values joined by `AND` or `FOLLOWEDBY` none is: each is marked as a part. Conditions
//! that only say where a value stands, as `dst_ref.type` and ports do, make no part of it.
//! Qualifiers (`WITHIN`, `REPEATS`, `START … STOP`) are read and not kept.

use std::borrow::Cow;

use crate::limits::STIX_PATTERN_DEPTH_MAX;
use crate::sheet::shown;

use super::paths::{Property, property};
use super::tokens::{Token, Tokens};

pub(super) use super::paths::What;

/// How a value is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    /// `=`, `IN` or `ISSUBSET`.
    Is,
    /// `LIKE`: `%` is any run of characters, `_` any one.
    Like,
    /// `MATCHES`: a regular expression.
    Matches,
}

/// A value that a pattern names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Term<'a> {
    pub(super) what: What,
    pub(super) how: How,
    pub(super) value: Cow<'a, str>,
    /// It counts only together with others.
    pub(super) part: bool,
}

/// What a pattern says, or a part of it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Told<'a> {
    pub(super) terms: Vec<Term<'a>>,
    /// Values that no wire shows.
    pub(super) unseen: u64,
    /// Comparisons that cannot be used, e.g. `!=`: the first is kept as its words.
    pub(super) unused: Option<String>,
    /// Whether a value stands for what this is about, so that it may be a part of something.
    strong: bool,
}

impl<'a> Told<'a> {
    /// Either of both.
    fn or(mut self, mut other: Told<'a>) -> Told<'a> {
        self.terms.append(&mut other.terms);
        Told {
            terms: self.terms,
            unseen: self.unseen.saturating_add(other.unseen),
            unused: self.unused.or(other.unused),
            strong: self.strong || other.strong,
        }
    }

    /// Both together.
    fn and(self, other: Told<'a>) -> Told<'a> {
        let both = self.strong && other.strong;
        let mut told = self.or(other);
        if both {
            told.terms.iter_mut().for_each(|term| term.part = true);
        }
        told
    }
}

/// Why a pattern cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unread(pub(super) String);

/// Take a pattern apart.
pub(super) fn read(text: &str) -> Result<Told<'_>, Unread> {
    let mut reader = Reader { tokens: Tokens::new(text), depth: 0 };
    let told = reader.observations()?;
    if reader.tokens.peek().is_some() || reader.tokens.is_broken() {
        return Err(reader.expected("the end of the pattern"));
    }
    Ok(told)
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn expected(&self, what: &str) -> Unread {
        let found = match self.tokens.peek() {
            Some(Token::Word(text) | Token::Number(text) | Token::Sign(text)) => shown(text),
            Some(Token::Text(text)) => format!("'{}'", shown(text)),
            None if self.tokens.is_broken() => shown(self.tokens.rest()),
            None => return Unread(format!("the pattern breaks off where {what} should stand")),
        };
        Unread(format!("the pattern has `{found}` where {what} should stand"))
    }

    fn needed(&mut self, sign: &str) -> Result<(), Unread> {
        if self.tokens.sign(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        if self.depth >= STIX_PATTERN_DEPTH_MAX {
            let why = format!("the pattern has more than {STIX_PATTERN_DEPTH_MAX} levels");
            return Err(Unread(why));
        }
        self.depth = self.depth.saturating_add(1);
        let told = read(self);
        self.depth = self.depth.saturating_sub(1);
        told
    }

    // Observations, §9.5: FOLLOWEDBY binds least, then OR, then AND.

    fn observations(&mut self) -> Result<Told<'a>, Unread> {
        let mut told = self.observations_or()?;
        while self.tokens.keyword("FOLLOWEDBY") {
            told = told.and(self.observations_or()?);
        }
        Ok(told)
    }

    fn observations_or(&mut self) -> Result<Told<'a>, Unread> {
        let mut told = self.observations_and()?;
        while self.tokens.keyword("OR") {
            told = told.or(self.observations_and()?);
        }
        Ok(told)
    }

    fn observations_and(&mut self) -> Result<Told<'a>, Unread> {
        let mut told = self.observation()?;
        while self.tokens.keyword("AND") {
            told = told.and(self.observation()?);
        }
        Ok(told)
    }

    fn observation(&mut self) -> Result<Told<'a>, Unread> {
        let told = if self.tokens.sign("(") {
            let told = self.deeper(Self::observations)?;
            self.needed(")")?;
            told
        } else {
            self.needed("[")?;
            let told = self.deeper(Self::comparisons)?;
            self.needed("]")?;
            told
        };
        while self.qualifier()? {}
        Ok(told)
    }

    /// `WITHIN 5 SECONDS`, `REPEATS 5 TIMES`, `START t'…' STOP t'…'`.
    fn qualifier(&mut self) -> Result<bool, Unread> {
        if self.tokens.keyword("WITHIN") || self.tokens.keyword("REPEATS") {
            if !matches!(self.tokens.take(), Some(Token::Number(_))) {
                return Err(self.expected("a number"));
            }
            let unit = self.tokens.keyword("SECONDS") || self.tokens.keyword("TIMES");
            return if unit { Ok(true) } else { Err(self.expected("SECONDS or TIMES")) };
        }
        if self.tokens.keyword("START") {
            self.moment()?;
            if !self.tokens.keyword("STOP") {
                return Err(self.expected("STOP"));
            }
            self.moment()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// A time: `t'…'`, and in STIX 2.0 a text.
    fn moment(&mut self) -> Result<(), Unread> {
        self.tokens.keyword("t");
        match self.tokens.take() {
            Some(Token::Text(_)) => Ok(()),
            _ => Err(self.expected("a time")),
        }
    }

    // Comparisons, §9.4: OR binds less than AND.

    fn comparisons(&mut self) -> Result<Told<'a>, Unread> {
        let mut told = self.comparisons_and()?;
        while self.tokens.keyword("OR") {
            told = told.or(self.comparisons_and()?);
        }
        Ok(told)
    }

    fn comparisons_and(&mut self) -> Result<Told<'a>, Unread> {
        let mut told = self.comparison()?;
        while self.tokens.keyword("AND") {
            told = told.and(self.comparison()?);
        }
        Ok(told)
    }

    fn comparison(&mut self) -> Result<Told<'a>, Unread> {
        if self.tokens.sign("(") {
            let told = self.deeper(Self::comparisons)?;
            self.needed(")")?;
            return Ok(told);
        }
        let negated = self.tokens.keyword("NOT");
        let exists = self.tokens.keyword("EXISTS");
        let (object, path) = self.path()?;
        let property = property(object, &path);
        if exists {
            return Ok(said(property, vec![], How::Is, || format!("EXISTS {object}:{path}")));
        }
        let negated = self.tokens.keyword("NOT") != negated;
        let (operator, how) = self.operator()?;
        let values = self.values(operator == "IN")?;
        let positive = how.filter(|_| !negated);
        let words = || {
            let not = if negated { "NOT " } else { "" };
            format!("{object}:{path} {not}{operator}")
        };
        Ok(match positive {
            Some(how) => said(property, values, how, words),
            None => said(property, vec![], How::Is, words),
        })
    }

    /// The operator, and how it compares; `None` for those that say what a value is not.
    fn operator(&mut self) -> Result<(&'static str, Option<How>), Unread> {
        const SIGNS: [(&str, Option<How>); 8] = [
            ("=", Some(How::Is)),
            ("==", Some(How::Is)),
            ("!=", None),
            ("<>", None),
            ("<=", None),
            (">=", None),
            ("<", None),
            (">", None),
        ];
        const WORDS: [(&str, Option<How>); 5] = [
            ("IN", Some(How::Is)),
            ("LIKE", Some(How::Like)),
            ("MATCHES", Some(How::Matches)),
            ("ISSUBSET", Some(How::Is)),
            ("ISSUPERSET", None),
        ];
        let sign = SIGNS.into_iter().find(|(sign, _)| self.tokens.sign(sign));
        sign.or_else(|| WORDS.into_iter().find(|(word, _)| self.tokens.keyword(word)))
            .ok_or_else(|| self.expected("an operator"))
    }

    /// `type:property.'other'[*].third`, as type and the names joined with dots.
    fn path(&mut self) -> Result<(&'a str, String), Unread> {
        let Some(Token::Word(object)) = self.tokens.peek().cloned() else {
            return Err(self.expected("a property, as in `domain-name:value`"));
        };
        self.tokens.take();
        self.needed(":")?;
        let mut path = String::new();
        loop {
            match self.tokens.take() {
                Some(Token::Word(step) | Token::Number(step)) => path.push_str(step),
                Some(Token::Text(step)) => path.push_str(&step),
                _ => return Err(self.expected("the name of a property")),
            }
            while self.tokens.sign("[") {
                self.tokens.sign("-");
                self.tokens.take();
                self.needed("]")?;
            }
            if !self.tokens.sign(".") {
                return Ok((object, path));
            }
            path.push('.');
        }
    }

    /// One value, or those of a set. Values that are no text are left out.
    fn values(&mut self, is_set: bool) -> Result<Vec<Cow<'a, str>>, Unread> {
        let mut values = Vec::new();
        if !is_set {
            values.extend(self.value()?);
            return Ok(values);
        }
        self.needed("(")?;
        loop {
            values.extend(self.value()?);
            if self.tokens.sign(")") {
                return Ok(values);
            }
            self.needed(",")?;
        }
    }

    /// A text; `None` for what is right but no text: a number, a truth, a time, octets.
    fn value(&mut self) -> Result<Option<Cow<'a, str>>, Unread> {
        let signed = self.tokens.sign("-") || self.tokens.sign("+");
        match self.tokens.peek() {
            Some(Token::Number(_)) => {
                self.tokens.take();
                Ok(None)
            }
            Some(Token::Text(_)) if !signed => match self.tokens.take() {
                Some(Token::Text(text)) => Ok(Some(text)),
                _ => Ok(None),
            },
            Some(Token::Word("true" | "false")) if !signed => {
                self.tokens.take();
                Ok(None)
            }
            Some(Token::Word("t" | "h" | "b")) if !signed => {
                self.tokens.take();
                self.moment().map(|()| None)
            }
            _ => Err(self.expected("a value")),
        }
    }
}

/// What a comparison says of its property.
fn said<'a>(
    property: Property,
    values: Vec<Cow<'a, str>>,
    how: How,
    words: impl Fn() -> String,
) -> Told<'a> {
    let (what, part) = match property {
        Property::Seen(what) => (what, false),
        // It says more of a value beside it, and little by itself.
        Property::Aside(what) => (what, true),
        Property::Place => return Told::default(),
        Property::Unseen => {
            let unseen = u64::try_from(values.len()).unwrap_or(u64::MAX).max(1);
            return Told { unseen, strong: true, ..Told::default() };
        }
    };
    if values.is_empty() {
        return Told { unused: Some(words()), strong: !part, ..Told::default() };
    }
    let terms = values.into_iter().map(|value| Term { what, how, value, part }).collect();
    Told { terms, strong: !part, ..Told::default() }
}
