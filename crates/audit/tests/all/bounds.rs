//! Many rows: tables and pictures are cut and say so, files of rows are whole.

use audit::{Format, limits};

use crate::scene::{crowd, printed};

#[test]
fn tables_are_cut_and_say_so_and_files_are_whole() {
    let report = crowd(3_000, 60).finish();
    let rows = report.uses.len();
    assert!(rows > 2 * limits::PAGE_ROWS_MAX);
    let table = [
        (Format::Text, limits::TEXT_ROWS_MAX, "and 7,300 more; CSV and JSON have every row"),
        (Format::Markdown, limits::TEXT_ROWS_MAX, "and 7,300 more; CSV and JSON have every row"),
        (Format::Html, limits::PAGE_ROWS_MAX, "and 6,500 more; CSV and JSON have every row"),
    ];
    for (format, most, said) in table {
        let text = printed(&report, format, None);
        assert!(text.contains(said), "{format:?} {rows} {most}");
    }
    let csv = printed(&report, Format::Csv, None);
    assert_eq!(csv.matches("\r\n").count(), rows + 1);
    let json = printed(&report, Format::Json, None);
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(object["uses"].as_array().map(Vec::len), Some(rows));
    let html = printed(&report, Format::Html, None);
    assert!(html.contains("Not drawn: 2,960 hosts and 40 tools more."), "the matrix is bounded");
    assert!(html.contains("<figcaption>Not drawn as lines: "), "the lines are bounded");
    assert!(html.len() < 2 << 20, "{} octets", html.len());
}
