//! Trails of Maltrail: its lists with `# Reference:` over each group, and its `trails.csv`.
//!
//! Both as its `core/update.py` writes and reads them: `trail,info,reference`, without a header.

use std::borrow::Cow;

use crate::limits::PATTERNS_REFUSED_MAX;
use crate::pattern::NamePattern;
use crate::sheet::Complaints;

use super::frame::{Format, Head, LineReader, Listed, Out, Reading, Subject};
use super::plain::{beginning, comment, entry, first_lines, refuse, usable, without_remark};
use super::separated::fields;
use super::told::{NoIndicator, Told, indicator};

/// Takes a text that says that it is a list of trails, or has three columns as trails do.
pub(super) const FORMAT: Format = Format {
    name: "maltrail",
    fits: |file, text| is_list(text) || is_table(file, text),
    read: Reading::Lines(|beginning| {
        Box::new(Maltrail {
            table: !is_list(beginning.text) && is_table(beginning.file, beginning.text),
            group: String::new(),
            after_group: true,
            unfit: 0,
            head: Head::default(),
        })
    }),
    sample: "evil.example,somebot (malware),(static)\n203.0.113.7:4444,somebot (malware),(static)\n\
        /gate.php,somebot (malware),(static)\n\"worse.example\",known attacker,blocklist.example\n",
};

fn is_list(text: &str) -> bool {
    let words = ["maltrail developers", "/stamparm/maltrail", "/stamparm/trails"];
    beginning(text).lines().take(20).any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with('#') && words.iter().any(|word| line.contains(word))
    })
}

fn is_table(file: &str, text: &str) -> bool {
    let told = file.rsplit(['/', '\\']).next().unwrap_or(file).starts_with("trails");
    let (mut trails, mut other) = (0usize, 0usize);
    for (_, line) in first_lines(text) {
        let count = if is_trail(line, told) { &mut trails } else { &mut other };
        *count = count.saturating_add(1);
    }
    trails > other
}

/// Whether a line has three fields, the second in the words of that program.
fn is_trail(line: &str, told: bool) -> bool {
    let mut fields = fields(line, ',');
    let (Some(_), Some(info), Some(reference), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let classes = ["(malware)", "(suspicious)", "(malicious)", "known attacker", "mass scanner"];
    told && !reference.is_empty()
        || &*reference == "(static)"
        || classes.iter().any(|class| info.contains(class))
}

struct Maltrail {
    /// `trail,info,reference`, not a list.
    table: bool,
    /// Where the trails below are told of.
    group: String,
    /// A trail came since, so that a further reference begins a group.
    after_group: bool,
    /// Expressions that were no patterns: to find that out costs.
    unfit: usize,
    head: Head,
}

impl LineReader for Maltrail {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let Some(line) = usable(number, line, complaints) else { return true };
        if let Some(comment) = comment(line) {
            self.comment(comment);
            return true;
        }
        if !self.table {
            self.after_group = true;
            let trail = without_remark(line);
            let description = std::mem::take(&mut self.group);
            let go_on = self.give(trail, &description, number, complaints, out);
            self.group = description;
            return go_on;
        }
        let mut fields = fields(line, ',');
        let trail = fields.next().unwrap_or_default();
        let (Some(info), Some(reference), None) = (fields.next(), fields.next(), fields.next())
        else {
            let why = "a trail has three fields: trail, info, reference".to_owned();
            complaints.line(number, why, "left out");
            return true;
        };
        if number == 1 && &*trail == "trail" {
            return true;
        }
        let description = match &*reference {
            "" | "(static)" => Cow::Borrowed(&*info),
            _ => Cow::Owned(format!("{info}, {reference}")),
        };
        self.give(&trail, &description, number, complaints, out)
    }

    fn end(self: Box<Self>, _: &mut Complaints<'_>, _: Out<'_>) -> Head {
        self.head
    }
}

impl Maltrail {
    fn comment(&mut self, comment: &str) {
        let Some((key, value)) = comment.split_once(':') else { return };
        match key.trim() {
            // Of several references one is enough.
            "Reference" if std::mem::take(&mut self.after_group) => {
                self.group = value.trim().to_owned();
            }
            "Aliases" if self.head.name.is_none() => {
                self.head.name = Some(value.trim().chars().take(128).collect());
            }
            _ => {}
        }
    }

    /// A trail that is an expression over names.
    fn pattern(&mut self, trail: &str) -> Option<Subject<'static>> {
        if !trail.contains("\\.") || trail.contains('/') || self.unfit >= PATTERNS_REFUSED_MAX {
            return None;
        }
        let pattern = NamePattern::new(&format!("^{trail}$")).ok();
        self.unfit = self.unfit.saturating_add(usize::from(pattern.is_none()));
        pattern.map(|it| Subject::Pattern(Box::new(it)))
    }

    fn give(
        &mut self,
        trail: &str,
        description: &str,
        number: u32,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let subject = match indicator(trail, Told::Any) {
            Ok(subject) => subject,
            Err(error) => match self.pattern(trail) {
                Some(pattern) => pattern,
                None => {
                    // Expressions over addresses, and parts of them: trails, but not for here.
                    let other = trail.contains(['\\', '[', '(', '*', '/', '?', '=']);
                    let error = if other { NoIndicator::Unseen } else { error };
                    refuse(trail, error, number, &mut self.head, complaints);
                    return true;
                }
            },
        };
        let description = Cow::Borrowed(description);
        out(Listed { description, ..entry(subject, number) })
    }
}
