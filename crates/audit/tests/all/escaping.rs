//! Names that want to act do nothing, in any format.

use audit::{Format, fuzz_report};

use crate::scene::{self, HOSTILE, printed};

#[test]
fn hostile_names_are_only_shown() {
    let report = scene::hostile().finish();
    let html = printed(&report, Format::Html, None);
    let body = html.split_once("<body>").expect("a body").1;
    let table: [(&str, &str); 6] = [
        ("<script", "an element"),
        ("<img", "an element"),
        ("<a ", "a link"),
        ("\u{202e}", "a mark that turns the line around"),
        ("\u{1b}", "an escape sequence"),
        ("style=", "a style of its own"),
    ];
    for (bad, what) in table {
        assert!(!body.contains(bad), "{what}: {bad:?}");
    }
    for (place, _) in body.match_indices(" on") {
        let tail = &body[place..];
        let is_handler = tail.chars().skip(3).take_while(char::is_ascii_alphabetic).count() > 0
            && tail
                .trim_start_matches(|c: char| c == ' ' || c.is_ascii_alphabetic())
                .starts_with('=');
        assert!(!is_handler, "{}", &tail[..tail.len().min(40)]);
    }
    assert!(body.contains("&lt;script&gt;alert(document.domain)&lt;/script&gt;"));
}

#[test]
fn every_row_of_csv_has_every_column() {
    let csv = printed(&scene::hostile().finish(), Format::Csv, None);
    let columns = csv.lines().next().expect("a header").split(',').count();
    let mut rows = 0;
    for row in csv.split_terminator("\r\n").skip(1) {
        let (mut quoted, mut commas) = (false, 0);
        let mut cells = vec![String::new()];
        for c in row.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => {
                    commas += 1;
                    cells.push(String::new());
                }
                _ => cells.last_mut().expect("a cell").push(c),
            }
        }
        assert_eq!((commas + 1, quoted), (columns, false), "{row}");
        assert!(!cells.iter().any(|cell| cell.trim_start().starts_with(['=', '+', '@', '-'])));
        rows += 1;
    }
    assert_eq!(rows, HOSTILE.len() + 1);
}

#[test]
fn json_holds_the_names_whole() {
    let json = printed(&scene::hostile().finish(), Format::Json, None);
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let told: Vec<&str> = object["uses"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["operator"].as_str())
        .collect();
    for text in HOSTILE {
        assert!(told.contains(&text), "{text:?}");
    }
    assert!(told.iter().any(|text| text.len() == 253));
}

#[test]
fn octets_of_any_kind_stay_text() {
    fuzz_report(b"");
    fuzz_report(b"-");
    for text in HOSTILE {
        for cut in 0..=text.len() {
            fuzz_report(&text.as_bytes()[..cut]);
        }
    }
    let mut octets = Vec::new();
    let mut state = 1u32;
    for _ in 0..300 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        octets.push((state >> 24) as u8);
        if octets.len() > 40 {
            octets.remove(0);
        }
        fuzz_report(&octets);
    }
}
