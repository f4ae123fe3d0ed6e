//! What is wrong with a line that a person wrote, and how to mend it.

use std::fmt;
use std::sync::Arc;

/// A problem in a config, policy, catalogue or feed file. The rest of the file stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Complaint {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { file, line, column, why, fix } = self;
        write!(f, "{file}:{line}:{column}: {why}")?;
        if !fix.is_empty() {
            write!(f, "; {fix}")?;
        }
        Ok(())
    }
}

impl Complaint {
    /// A complaint about the octet at `offset` of `text`.
    #[must_use]
    pub fn at(file: &str, text: &str, offset: usize, why: String, fix: String) -> Complaint {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Complaint {
            file: file.into(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            why,
            fix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_line_and_column_from_one() {
        let text = "a = 1\nbb = x\n";
        let said = Complaint::at("f.toml", text, 11, "no value".into(), "write a number".into());
        assert_eq!(said.to_string(), "f.toml:2:6: no value; write a number");
        assert_eq!(Complaint::at("f", text, 999, String::new(), String::new()).line, 3);
    }
}
