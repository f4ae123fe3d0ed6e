//! A record by somebody's own template: the body of a webhook, or a line of any other kind.
//!
//! Templates are Jinja's (minijinja). The record's own objects are at hand (`rmm.tool`,
//! `source.ip`), further `timestamp` (`@timestamp` is no name there), `id`, which tells a record
//! from every other, and `record`, the whole. What a record lacks is undefined, and what stands
//! below that too. A template whose file's name ends with `.json` or `.json.j2` writes JSON: values
//! are printed as JSON, texts with their quotes, and what comes out is checked.

use std::fmt;
use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use model::Complaint;
use serde::de::IgnoredAny;

use super::Native;
use crate::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_FUEL_MAX};

/// A template that was understood.
pub struct Template {
    engine: Environment<'static>,
    file: String,
    json: bool,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template {{ {} }}", self.file)
    }
}

impl Template {
    /// Understand the text of a file.
    ///
    /// # Errors
    /// With the line of the file that is no template, or the first one when it is too long.
    pub fn parse(file: &str, text: &str) -> Result<Template, Box<Complaint>> {
        if text.len() > TEMPLATE_BYTES_MAX {
            let why = format!("the template has {} octets", text.len());
            let fix = format!("a template has at most {TEMPLATE_BYTES_MAX}");
            return Err(Box::new(Complaint::at(file, "", 0, why, fix)));
        }
        let json = file.ends_with(".json") || file.ends_with(".json.j2");
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Chainable);
        engine.set_fuel(Some(TEMPLATE_FUEL_MAX));
        let escape = if json { AutoEscape::Json } else { AutoEscape::None };
        engine.set_auto_escape_callback(move |_| escape.clone());
        let added = engine.add_template_owned(file.to_owned(), text.to_owned());
        added.map_err(|why| complaint(file, &why))?;
        Ok(Template { engine, file: file.to_owned(), json })
    }

    /// Add what the template makes of a record, as one line: line ends become spaces. Nothing is
    /// added on an error.
    ///
    /// # Errors
    /// With the template's line that failed on this record, or what is wrong with what came out.
    pub fn render(&self, record: &Native<'_>, out: &mut Vec<u8>) -> Result<(), Box<Complaint>> {
        let start = out.len();
        let rendered = self.fill(record, out).and_then(|()| self.check(out.get(start..)));
        if rendered.is_err() {
            out.truncate(start);
        }
        for octet in out.iter_mut().skip(start).filter(|octet| matches!(octet, b'\n' | b'\r')) {
            *octet = b' ';
        }
        rendered
    }

    fn fill(&self, record: &Native<'_>, out: &mut Vec<u8>) -> Result<(), Box<Complaint>> {
        let fields = Value::from(Serde(record.fields()));
        let root = context! {
            timestamp => record.text(&["@timestamp"]),
            id => record.delivery_id().as_ref(),
            record => fields.clone(),
            ..fields
        };
        let template = self.engine.get_template(&self.file);
        let template = template.map_err(|why| complaint(&self.file, &why))?;
        let bounded = Bounded { out, left: TEMPLATE_BYTES_MAX };
        let written = template.render_captured_to(root, bounded);
        written.map(|_| ()).map_err(|why| complaint(&self.file, &why))
    }

    fn check(&self, written: Option<&[u8]>) -> Result<(), Box<Complaint>> {
        let written = written.unwrap_or_default();
        let say = |why: String, fix: &str| {
            Err(Box::new(Complaint::at(&self.file, "", 0, why, fix.to_owned())))
        };
        if written.trim_ascii().is_empty() {
            return say("nothing came out".to_owned(), "a record needs a body");
        }
        if !self.json {
            return Ok(());
        }
        match serde_json::from_slice::<IgnoredAny>(written) {
            Ok(_) => Ok(()),
            Err(why) => say(
                format!("what came out is no JSON: {why}"),
                "write {{ value }} without quotes around it, and mind the commas",
            ),
        }
    }
}

fn complaint(file: &str, error: &minijinja::Error) -> Box<Complaint> {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let line = u32::try_from(error.line().unwrap_or(1)).unwrap_or(u32::MAX);
    let fix = "see the syntax of Jinja's templates".to_owned();
    Box::new(Complaint { file: file.into(), line, column: 1, why: detail, fix })
}

/// What takes so many octets and no more.
struct Bounded<'o> {
    out: &'o mut Vec<u8>,
    left: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(octets.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        self.out.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "{\"@timestamp\":\"2026-11-21T20:15:42.123456Z\",\"event\":{\"id\":\"0a\",\
        \"kind\":\"alert\",\"dataset\":\"rmmwatch.alert\",\"reason\":\"he said \\\"yes\\\"\\n\"},\
        \"rmm\":{\"schema\":1,\"tool\":\"a\"}}";

    fn made(file: &str, text: &str) -> Result<String, String> {
        let record = Native::parse(LINE.as_bytes()).expect("a record");
        let mut out = b">".to_vec();
        let rendered = Template::parse(file, text).and_then(|t| t.render(&record, &mut out));
        let text = String::from_utf8(out).expect("UTF-8");
        rendered.map(|()| text.clone()).map_err(|why| {
            assert_eq!(text, ">", "nothing is added");
            why.to_string()
        })
    }

    #[test]
    fn what_templates_make_of_a_record() {
        let fix = "see the syntax of Jinja's templates";
        let not = |file: &str, why: &str| Err(format!("{file}: {why}; {fix}"));
        let table: &[(&str, &str, Result<String, String>)] = &[
            ("a.json", "{\"t\": {{ event.reason }}}", Ok(">{\"t\": \"he said \\\"yes\\\"\\n\"}".into())),
            ("a.json", "[{{ rmm.lure.brand }},\n{{ id }}]", Ok(">[null, \"0a\"]".into())),
            ("a.json.j2", "{{ record.rmm }}", Ok(">{\"schema\":1,\"tool\":\"a\"}".into())),
            ("a.txt", "{{ timestamp }} {{ rmm.tool|upper }}\r\nx", Ok(">2026-11-21T20:15:42.123456Z A  x".into())),
            ("a.txt", "{{ event.reason|tojson }}", Ok(">\"he said \\\"yes\\\"\\n\"".into())),
            ("a.txt", "\n{% if %}", not("a.txt:2:1", "unexpected end of block")),
            ("a.txt", "x\n\n{{ rmm|no_such }}", not("a.txt:3:1", "filter no_such is unknown")),
            ("a.txt", "{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}",
                not("a.txt:1:1", "engine ran out of fuel")),
            ("a.json", "{\"t\": \"{{ rmm.tool }}\"}", Err("a.json:1:1: what came out is no JSON: \
                expected `,` or `}` at line 1 column 9; write {{ value }} without quotes around it, \
                and mind the commas".into())),
            ("a.txt", " {# nothing #}\n", Err("a.txt:1:1: nothing came out; a record needs a body".into())),
        ];
        for (file, text, want) in table {
            assert_eq!(made(file, text), *want, "{text}");
        }
    }

    #[test]
    fn templates_and_what_they_make_are_bounded() {
        let long = "x".repeat(TEMPLATE_BYTES_MAX + 1);
        assert!(made("a.txt", &long).is_err_and(|why| why.contains("the template has 1048577")));
        let text = "{% set x = 'y' * 500000 %}{{ x }}{{ x }}{{ x }}";
        let why = made("a.txt", text).expect_err("too long");
        assert!(why.starts_with("a.txt:1:1: "), "{why}");
    }
}
