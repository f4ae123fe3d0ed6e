//! What several records of one thing come to.

use audit::{Audit, Entry, KnownFrom, Question, Report};
use model::{Detection, Usage};

use crate::scene::{alarm, at, office, tool, usage};

fn report(rows: Vec<Usage>) -> Report {
    let mut audit = Audit::new(Question::default());
    rows.into_iter().for_each(|row| audit.take(Entry::Usage(Box::new(row))));
    audit.finish()
}

#[test]
fn later_records_of_a_run_replace_earlier_ones_and_runs_add_up() {
    let row = |first, last, sessions| Usage {
        sessions,
        ..usage("10.0.0.1", "Acme Remote", "deny-by-default", first, last)
    };
    let table = [
        ("one", vec![row(0, 10, 1)], 1, (0, 10)),
        ("the same twice", vec![row(0, 10, 1), row(0, 10, 1)], 1, (0, 10)),
        ("it went on", vec![row(0, 10, 1), row(0, 20, 4)], 4, (0, 20)),
        ("the other way round", vec![row(0, 20, 4), row(0, 10, 1)], 4, (0, 20)),
        ("two runs", vec![row(0, 20, 4), row(50, 60, 2)], 6, (0, 60)),
    ];
    for (what, rows, sessions, (first, last)) in table {
        let report = report(rows);
        assert_eq!(report.uses.len(), 1, "{what}");
        let usage = &report.uses[0].usage;
        let got = (usage.sessions, usage.first, usage.last);
        assert_eq!(got, (sessions, at(first), at(last)), "{what}");
    }
}

#[test]
fn alerts_make_rows_only_where_the_inventory_is_silent() {
    let table = [(Some("10.0.0.1"), 1, KnownFrom::Inventory), (None, 1, KnownFrom::Alerts)];
    for (host, rows, known_from) in table {
        let mut audit = Audit::new(Question::default());
        if let Some(host) = host {
            let row = usage(host, "Acme Remote", "deny-by-default", 0, 10);
            audit.take(Entry::Usage(Box::new(row)));
        }
        let mut told = alarm(1, "10.0.0.1", 60, "x");
        told.tool = tool("acme-remote", "Acme Remote");
        told.detection = Detection::Inbound;
        audit.take(Entry::Alarm(Box::new(told)));
        let report = audit.finish();
        assert_eq!((report.uses.len(), report.uses[0].known_from), (rows, known_from));
        let severity = report.uses[0].severity.map(model::Severity::get);
        assert_eq!(severity, Some(60));
        let known = known_from == KnownFrom::Inventory;
        assert_eq!(report.uses[0].sessions().is_some(), known);
        assert_eq!(report.left_out.iter().any(|said| said.contains("alerts alone")), !known);
    }
}

#[test]
fn an_alert_of_one_tenant_says_nothing_of_another() {
    let mut audit = Audit::new(Question::default());
    for (operator, rule) in [("ours.example", "allow[0] acme-remote"), ("theirs.example", "deny")] {
        let row = usage("10.0.0.1", "Acme Remote", rule, 0, 10);
        let row = Usage { operator: Some(operator.into()), ..row };
        audit.take(Entry::Usage(Box::new(row)));
    }
    let mut told = alarm(1, "10.0.0.1", 75, "x");
    told.tool = tool("acme-remote", "Acme Remote");
    told.operator = Some("theirs.example".into());
    audit.take(Entry::Alarm(Box::new(told)));
    let report = audit.finish();
    let got: Vec<_> = report
        .uses
        .iter()
        .map(|one| (one.usage.operator.as_deref(), one.severity.map(model::Severity::get)))
        .collect();
    assert_eq!(got, [(Some("theirs.example"), Some(75)), (Some("ours.example"), None)]);
}

#[test]
fn what_is_new_is_known_from_one_of_three() {
    let row = |first, new| Usage {
        new,
        ..usage("10.0.0.1", "Acme Remote", "deny-by-default", first, 100)
    };
    let other = || usage("10.0.0.2", "Acme Remote", "deny-by-default", 0, 5);
    // since, earlier records, what the sensor said, first sign → new?
    let table = [
        (None, None, None, 50, None),
        (None, None, Some(true), 50, Some(true)),
        (None, None, Some(false), 50, Some(false)),
        (None, Some(vec![other()]), Some(false), 50, Some(true)),
        (None, Some(vec![row(1, None)]), Some(true), 50, Some(false)),
        (Some(20), None, None, 50, Some(true)),
        (Some(60), None, None, 50, Some(false)),
        (Some(60), None, Some(true), 50, Some(false)),
    ];
    for (place, (since, previous, said, first, want)) in table.into_iter().enumerate() {
        let mut audit = Audit::new(Question { since: since.map(at), until: None });
        if let Some(previous) = previous {
            audit.previous(previous);
        }
        audit.take(Entry::Usage(Box::new(other())));
        audit.take(Entry::Usage(Box::new(row(first, said))));
        let report = audit.finish();
        let one = report.uses.iter().find(|one| one.usage.host.to_string() == "10.0.0.1");
        assert_eq!(one.expect("the row").new, want, "row {place}");
    }
}

#[test]
fn the_period_leaves_out_what_lies_outside_and_says_so() {
    let table = [
        (None, None, 6),
        (Some(65_000), None, 1),
        (None, Some(1_100), 0),
        (Some(3_000), Some(21_000), 4),
    ];
    for (since, until, rows) in table {
        let report = office(Question { since: since.map(at), until: until.map(at) }).finish();
        assert_eq!(report.uses.len(), rows, "{since:?} {until:?}");
        let outside = report.left_out.iter().any(|said| said.contains("outside the period"));
        assert_eq!(outside, since.is_some() || until.is_some());
    }
}

#[test]
fn unauthorised_comes_first_and_incidents_before_all() {
    let report = office(Question::default()).finish();
    let got: Vec<_> = report
        .uses
        .iter()
        .map(|one| (one.incident, one.usage.authorised, &*one.usage.tool.1))
        .collect();
    let want = [
        (true, false, "Acme Remote"),
        (true, false, "Bright Desk"),
        (false, false, "Window Share"),
        (false, false, "Tunnel Mole"),
        (false, true, "Acme Remote"),
        (false, true, "Acme Remote"),
    ];
    assert_eq!(got, want);
    assert_eq!(report.alerts[1].incident, Some(0), "it became a stage");
    let unused = report.unused.expect("the policy is known");
    assert_eq!((unused.len(), unused[0].expired), (1, true));
}
