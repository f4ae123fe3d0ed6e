//! Captures of remote access, checked by hand: each tool is told by a sign that is no name, and
//! the traps are silent.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{corpus, program};

/// A line of the corpus's table.
struct Row {
    capture: String,
    tool: String,
    transport: String,
    client: String,
    server: String,
    port: String,
    visible: String,
}

/// Evidence that needs no name, port or address.
const BY_ITS_OCTETS: &[&str] =
    &["payload", "tls.alpn", "tls.certificate", "tls.ja4", "http.user_agent", "http.path"];

/// The table's words for tools, and the catalogue's.
const IDS: &[(&str, &str)] = &[("citrix-ica", "citrix")];

#[test]
fn each_tool_is_told_by_its_octets_and_traps_are_silent() {
    let Some(captures) = corpus() else { return };
    let rows = rows(&captures.join("rmm.tsv"));
    assert!(rows.len() > 20, "the table has its rows");
    let mut wrong = Vec::new();
    for row in &rows {
        let records = observe(&captures.join("files").join(&row.capture));
        let told: Vec<&Value> = records.iter().filter(|record| by_octets(record)).collect();
        let line = format!("{} {} {}", row.capture, row.tool, row.port);
        if row.tool == "NONE" {
            match told.first() {
                None => println!("{line}: silent"),
                Some(one) => wrong.push(format!("{line}: {one}")),
            }
            continue;
        }
        if row.visible.starts_with("DNS ") {
            println!("{line}: shows a name only");
            continue;
        }
        let id = row.tool.to_lowercase().replace(' ', "-");
        let id = IDS.iter().find(|(word, _)| *word == id).map_or(&*id, |(_, id)| id);
        let fits = |record: &&&Value| record["rmm"]["tool"] == id && on_flow(record, row);
        match told.iter().find(fits) {
            Some(record) => println!("{line}: {}", signs(record)),
            None => wrong.push(format!("{line}: not told")),
        }
    }
    assert_eq!(wrong, [""; 0], "{} of {} rows", wrong.len(), rows.len());
}

fn rows(path: &std::path::Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).expect("rmm.tsv");
    let rows = text.lines().skip(1).map(|line| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        let capture = next();
        let _half = next();
        let tool = next();
        let _context = next();
        let (transport, client, server, port) = (next(), next(), next(), next());
        Row { capture, tool, transport, client, server, port, visible: next() }
    });
    rows.collect()
}

fn observe(capture: &std::path::Path) -> Vec<Value> {
    let done = Command::new(program())
        .args(["replay", "--summary", "none", "--quiet", "--alerts", "-", "--observations", "-"])
        .arg(capture)
        .stderr(Stdio::null())
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Whether a record names a tool by at least one sign of its octets.
fn by_octets(record: &Value) -> bool {
    let evidence = record["rmm"]["evidence"].as_array();
    let sources = evidence.into_iter().flatten().filter_map(|sign| sign["source"].as_str());
    record["rmm"]["tool"].is_string() && sources.into_iter().any(|s| BY_ITS_OCTETS.contains(&s))
}

/// Whether a record is about the row's flow, whoever of its ends is called the client.
fn on_flow(record: &Value, row: &Row) -> bool {
    let text = |end: &str| record[end]["ip"].as_str().unwrap_or_default().to_owned();
    let port = |end: &str| record[end]["port"].to_string();
    let ends = [text("source"), text("destination")];
    let has = |wanted: &str| wanted.is_empty() || ends.iter().any(|end| end == wanted);
    has(&row.client)
        && has(&row.server)
        && (row.port.is_empty() || [port("source"), port("destination")].contains(&row.port))
        && record["network"]["transport"] == *row.transport
}

fn signs(record: &Value) -> String {
    let evidence = record["rmm"]["evidence"].as_array().into_iter().flatten();
    let shown = evidence.map(|sign| {
        format!(
            "{} {}",
            sign["source"].as_str().unwrap_or_default(),
            sign["value"].as_str().unwrap_or_default()
        )
    });
    shown.collect::<Vec<_>>().join(", ")
}
