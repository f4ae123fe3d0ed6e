//! Text with `*` in it: any run of characters. ASCII case does not matter.

/// A compiled glob.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Glob {
    head: Box<[u8]>,
    middle: Vec<Box<[u8]>>,
    /// `None` without a `*`: then the head is all of it.
    tail: Option<Box<[u8]>>,
}

impl Glob {
    pub(crate) fn new(text: &str) -> Glob {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split('*').map(|part| Box::from(part.as_bytes()));
        let head = parts.next().unwrap_or_default();
        let mut middle: Vec<Box<[u8]>> = parts.collect();
        let tail = middle.pop();
        middle.retain(|part| !part.is_empty());
        Glob { head, middle, tail }
    }

    /// Characters that are not `*`.
    pub(crate) fn literal_len(&self) -> usize {
        let middle: usize = self.middle.iter().map(|part| part.len()).sum();
        self.head.len() + middle + self.tail.as_ref().map_or(0, |tail| tail.len())
    }

    /// Whether there is a `*`.
    pub(crate) const fn is_open(&self) -> bool {
        self.tail.is_some()
    }

    /// Whether the whole text fits. Each part is looked for once, from left to right, so the cost
    /// is the text's length times the glob's at most.
    pub(crate) fn fits(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let Some(mut rest) = strip_head(text, &self.head) else { return false };
        let Some(tail) = &self.tail else { return rest.is_empty() };
        for part in &self.middle {
            let Some(at) = rest.windows(part.len()).position(|w| w.eq_ignore_ascii_case(part))
            else {
                return false;
            };
            rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
        }
        rest.len()
            .checked_sub(tail.len())
            .and_then(|at| rest.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(tail))
    }
}

fn strip_head<'t>(text: &'t [u8], head: &[u8]) -> Option<&'t [u8]> {
    let (start, rest) = text.split_at_checked(head.len())?;
    start.eq_ignore_ascii_case(head).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run() {
        let table = [
            ("Tool/*", "tool/7.1", true),
            ("Tool/*", "a tool/7", false),
            ("*Dyn*", "xxdynyy", true),
            ("*Dyn*", "dy n", false),
            ("setup.exe", "SETUP.EXE", true),
            ("setup.exe", "setup.exe2", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("a**b", "ab", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (glob, text, want) in table {
            assert_eq!(Glob::new(glob).fits(text), want, "{glob} {text}");
        }
    }
}
