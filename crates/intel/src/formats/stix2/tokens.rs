//! The words of a STIX pattern (STIX 2.1 §9.1 and its grammar).

use std::borrow::Cow;

/// A word, and what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// A name or a keyword: `domain-name`, `AND`, `t` before a timestamp.
    Word(&'a str),
    /// A text in quotes, without them and without its escapes.
    Text(Cow<'a, str>),
    Number(&'a str),
    /// `=`, `!=`, `<>`, `<=`, `(`, `]`, `:` …
    Sign(&'a str),
}

/// Splits a pattern into words. Ends at the first thing that is none.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    next: Option<Token<'a>>,
    broken: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Tokens<'a> {
        let mut tokens = Tokens { rest: text, next: None, broken: false };
        tokens.take();
        tokens
    }

    /// The word that comes next; `None` at the end.
    pub(super) const fn peek(&self) -> Option<&Token<'a>> {
        self.next.as_ref()
    }

    /// Whether the pattern ended in something that is no word.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// What has not been taken yet, for a message.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let next = if self.broken || self.rest.is_empty() { None } else { self.read() };
        if next.is_none() && !self.rest.is_empty() {
            self.broken = true;
        }
        std::mem::replace(&mut self.next, next)
    }

    /// Take a sign, if it is the next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let found = self.next == Some(Token::Sign(sign));
        if found {
            self.take();
        }
        found
    }

    /// Take a keyword, if it is the next. Its case does not matter to us.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found =
            matches!(&self.next, Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.take();
        }
        found
    }

    /// White space, and comments as in C.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("//") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let Some((_, rest)) = comment.split_once("*/") else { break };
                self.rest = rest;
            } else {
                break;
            }
        }
    }

    fn read(&mut self) -> Option<Token<'a>> {
        const SIGNS: [&str; 18] = [
            "==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ":", ".", ",", "*",
            "+", "-",
        ];
        let first = self.rest.chars().next()?;
        if first == '\'' {
            return self.text();
        }
        if first.is_ascii_alphabetic() || first == '_' || first == '$' {
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
            return self.run(word).map(Token::Word);
        }
        if first.is_ascii_digit() {
            let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
            return self.run(part).map(Token::Number);
        }
        let sign = SIGNS.iter().find(|sign| self.rest.starts_with(**sign))?;
        self.rest = self.rest.get(sign.len()..)?;
        Some(Token::Sign(sign))
    }

    fn run(&mut self, holds: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !holds(c)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(run)
    }

    /// A text in quotes: `\'` and `\\` are the only escapes (§9.2), others stay as they are.
    fn text(&mut self) -> Option<Token<'a>> {
        let inner = self.rest.get(1..)?;
        let mut escaped = false;
        let mut any = false;
        let end = inner.bytes().position(|octet| {
            let ends = octet == b'\'' && !escaped;
            escaped = octet == b'\\' && !escaped;
            any |= escaped;
            ends
        })?;
        let (text, rest) = inner.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(Token::Text(if any { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) }))
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.next_if(|next| c == '\\' && matches!(next, '\\' | '\'')) {
            Some(next) => out.push(next),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_split_into_words() {
        let table: &[(&str, &str, bool)] = &[
            ("[a:b = 'c']", "Sign([) Word(a) Sign(:) Word(b) Sign(=) Text(c) Sign(])", false),
            (r"'a\'b\\c\.d'", r"Text(a'b\c\.d)", false),
            ("x-y.'SHA-1'", "Word(x-y) Sign(.) Text(SHA-1)", false),
            ("/* a */ t'x' // b\n<>", "Word(t) Text(x) Sign(<>)", false),
            ("WITHIN 5.0 SECONDS", "Word(WITHIN) Number(5.0) Word(SECONDS)", false),
            ("a 'open", "Word(a)", true),
            ("a 'open\\'", "Word(a)", true),
            ("a \" b", "Word(a)", true),
            ("a /* b", "Word(a)", true),
            ("", "", false),
        ];
        for (text, want, broken) in table {
            let mut tokens = Tokens::new(text);
            let mut got = Vec::new();
            while let Some(token) = tokens.take() {
                got.push(match token {
                    Token::Word(text) => format!("Word({text})"),
                    Token::Text(text) => format!("Text({text})"),
                    Token::Number(text) => format!("Number({text})"),
                    Token::Sign(text) => format!("Sign({text})"),
                });
            }
            assert_eq!(
                (got.join(" "), tokens.is_broken()),
                ((*want).to_owned(), *broken),
                "{text}"
            );
        }
    }
}
