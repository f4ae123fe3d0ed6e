//! What `policy explain` says of a use is what the sensor did with it, for every capture that has a
//! policy: the same rule, at that moment, for that host.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::{json, printed, shown};

/// A use as its host's policy judged it: host, name, tool, VLAN; and when, and by which rule.
type Uses = BTreeMap<(String, String, String, Option<String>, String), String>;

const NOBODY: &str = "deny-by-default";

fn word(record: &Value, path: &str) -> Option<String> {
    record.pointer(path).and_then(Value::as_str).map(str::to_owned)
}

/// Every use in the records of a replay, each at its first sign.
fn uses(records: &str) -> Uses {
    let mut uses = Uses::new();
    for line in records.lines() {
        let record: Value = serde_json::from_str(line).expect(line);
        let Some(host) = word(&record, "/rmm/host") else { continue };
        let vlan = word(&record, "/network/vlan/id");
        let server = ["/destination/domain", "/dns/question/name"];
        let server = server.iter().find_map(|path| word(&record, path));
        let mut note = |tool: String, operator: Option<String>, rule: String, at: &str| {
            let name = operator.or_else(|| server.clone()).unwrap_or_else(|| tool.clone());
            let key = (host.clone(), name, tool, vlan.clone(), rule);
            uses.entry(key).or_insert_with(|| word(&record, at).expect("a time"));
        };
        for row in record.pointer("/rmm/uses").and_then(Value::as_array).into_iter().flatten() {
            // The end of a flow is judged as the flow was.
            if row["signs"] != 0 {
                let tool = word(row, "/tool").expect("a tool");
                let rule = word(row, "/rule").expect("a rule");
                note(tool, word(row, "/operator"), rule, "/@timestamp");
            }
        }
        let alone = record["rmm"]["detection"] != "campaign";
        if let Some(tool) = word(&record, "/rmm/tool").filter(|_| alone)
            && record["event"]["kind"] == "alert"
        {
            let rule = word(&record, "/rmm/policy/rule").expect("a rule");
            note(tool, word(&record, "/rmm/operator"), rule, "/event/start");
        }
    }
    uses
}

/// The rules that decide on the tool, by the accounts of `name`.
fn asked(policy: &str, name: &str, tool: &str, host: &str, at: &str, vlan: Option<&str>) -> Value {
    let mut args = vec!["policy", "explain", "--json", "--policy", policy];
    args.extend(["--src", host, "--name", name, "--at", at]);
    args.extend(vlan.map(|vlan| ["--vlan", vlan]).into_iter().flatten());
    let answer = json(&args);
    let accounts = answer["accounts"].as_array().cloned().unwrap_or_default();
    accounts.into_iter().filter(|account| account["tool"] == tool).collect()
}

#[test]
fn explain_says_what_replay_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let mut policies: Vec<_> = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| shown(path).ends_with(".policy.toml"))
        .collect();
    policies.sort();
    let (mut allowed, mut denied) = (0, 0);
    for policy in &policies {
        let policy = shown(policy);
        let capture = policy.replace(".policy.toml", ".pcap");
        let args = ["replay", "--quiet", "--policy", policy, "--observations", "-", &capture];
        for ((host, name, tool, vlan, rule), at) in uses(&printed(&args, 0)) {
            let ask = |name: &str| asked(policy, name, &tool, &host, &at, vlan.as_deref());
            let mut accounts = ask(&name);
            // By octets alone: no name is known of, so that the tool is asked for.
            if accounts == Value::Array(Vec::new()) {
                accounts = ask(&tool);
            }
            let what = format!("{host} {name} {tool} at {at}: {rule}\n{accounts:#}");
            let (verdict, decides) = match rule.as_str() {
                NOBODY => ("unauthorised", Value::Null),
                rule if rule.starts_with("allow") => ("allowed", rule.into()),
                rule => ("suppressed", rule.into()),
            };
            let accounts = accounts.as_array().expect("an array");
            let agrees =
                |account: &&Value| account["verdict"] == verdict && account["rule"] == decides;
            assert!(accounts.iter().any(|account| agrees(&account)), "{capture}: {what}");
            *if rule == NOBODY { &mut denied } else { &mut allowed } += 1;
        }
    }
    assert!(allowed > 20 && denied > 5 && policies.len() > 8, "{allowed} {denied}");
}
