//! Names: label boundaries, who wins, what role it has, who operates it.

use model::Specificity;

use intel::BookBuilder;

use crate::scene::{asked, book, operator, role, short, shorts, tool};

#[test]
fn matches_end_at_label_boundaries() {
    let nable = tool("n-able", "vendor", &["names suffix = 'n-able.com'; role = 'api'"]);
    let level = tool("level", "vendor", &["names suffix = 'level.io'; role = 'api'"]);
    let tmate = tool("tmate", "vendor", &["names exact = 'ssh.tmate.io'; role = 'relay'"]);
    let book = book(&[("n-able", &nable), ("level", &level), ("tmate", &tmate)]);
    let table: &[(&str, &[&str])] = &[
        ("sustain-able.com", &[]),
        ("www.sustain-able.com", &[]),
        ("nextlevel.io", &[]),
        ("level.io.example.com", &[]),
        ("xtmate.io", &[]),
        ("ssh.tmate.io", &["tmate relay"]),
        ("x.ssh.tmate.io", &[]),
        ("tmate.io", &[]),
        ("SYS.N-able.COM.", &["n-able api"]),
        ("a.b.c.d.e.f.level.io", &["level api"]),
        ("io", &[]),
        ("", &[]),
    ];
    for (name, want) in table.iter().filter(|(name, _)| !name.is_empty()) {
        assert_eq!(shorts(&asked(&book, name)), *want, "{name}");
    }
}

#[test]
fn the_most_specific_row_wins() {
    let a = tool(
        "a",
        "vendor",
        &[
            "names suffix = 'example.com'; role = 'api'",
            "names suffix = 'net.example.com'; role = 'update'",
            "names exact = 'boot.net.example.com'; role = 'download'",
            r"names pattern = '^relay-[a-f0-9]{8}\.net\.example\.com$'; role = 'relay'",
            // An unknown role gives way to a stated one of the same length.
            "names suffix = 'both.example'; role = 'unknown'",
            "names suffix = 'both.example'; role = 'telemetry'",
        ],
    );
    let b = tool(
        "b",
        "vendor",
        &[
            "names suffix = 'example.com'; role = 'relay'",
            "names exact = 'boot.net.example.com'; role = 'unknown'",
        ],
    );
    let c =
        tool("c", "vendor", &[r"names pattern = '^[a-z-]*gate\.example\.com$'; role = 'relay'"]);
    let book = book(&[("b", &b), ("a", &a), ("c", &c)]);
    let table: &[(&str, &[&str])] = &[
        ("x.example.com", &["a api", "b relay"]),
        ("x.net.example.com", &["a update"]),
        ("net.example.com", &["a update"]),
        ("relay-0123abcd.net.example.com", &["a relay"]),
        ("relay-0123abcx.net.example.com", &["a update"]),
        ("boot.net.example.com", &["a download", "b unknown"]),
        ("xboot.net.example.com", &["a update"]),
        ("my-gate.example.com", &["c relay"]),
        ("x.my-gate.example.com", &["a api", "b relay"]),
        ("x.both.example", &["a telemetry"]),
    ];
    for (name, want) in table {
        assert_eq!(shorts(&asked(&book, name)), *want, "{name}");
    }
    assert_eq!(book.self_test(), Vec::<String>::new());
}

#[test]
fn rows_hidden_by_too_many_owners_are_dead() {
    let names: Vec<String> = (0..10).map(|n| format!("tool-{n}")).collect();
    let row = ["names exact = 'shared.example.com'; role = 'relay'"];
    let files: Vec<String> = names.iter().map(|id| tool(id, "vendor", &row)).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&files).map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let book = book(&files);
    assert_eq!(asked(&book, "shared.example.com").len(), 8);
    assert_eq!(
        book.self_test(),
        ["tool-8: exact shared.example.com", "tool-9: exact shared.example.com"]
    );
}

#[test]
fn roles_and_operators_follow_the_name() {
    let rows = tool(
        "cloud",
        "both",
        &[
            "names suffix = 'cloud.example'; role = 'relay'; operator = 'label'",
            r"names pattern = '^instance-[a-z0-9]+-relay\.cloud\.example$'; role = 'relay'; operator = 'host'",
            "names suffix = 'vendor.example'; role = 'unknown'",
            "names exact = 'www.apex.example'; role = 'relay'",
        ],
    );
    let mut builder = BookBuilder::new();
    builder.catalogue("cloud.toml", &rows);
    builder.labels(
        "labels.toml",
        "front = ['www']\n[[labels]]\nrole = 'website'\nlabels = ['www', 'docs']\n\
         [[labels]]\nrole = 'download'\nlabels = ['dl']\n",
    );
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    let table = [
        ("acme.cloud.example", "cloud relay", "acme"),
        ("docs.cloud.example", "cloud relay", "docs"),
        ("www.cloud.example", "cloud website", "vendor"),
        ("cloud.example", "cloud website", "vendor"),
        ("instance-ab12-relay.cloud.example", "cloud relay", "instance-ab12-relay.cloud.example"),
        ("vendor.example", "cloud website", "vendor"),
        ("docs.vendor.example", "cloud website", "vendor"),
        ("dl.vendor.example", "cloud download", "vendor"),
        ("agent17.vendor.example", "cloud unknown", "vendor"),
        ("www.apex.example", "cloud relay", "vendor"),
    ];
    for (name, want, runs) in table {
        let found = asked(&book, name);
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!((short(&found[0]).as_str(), operator(&found[0]).as_str()), (want, runs));
    }
}

#[test]
fn the_gate_makes_rows_generic() {
    let rows = tool(
        "greedy",
        "vendor",
        &[
            "names suffix = 'top.example'; role = 'api'",
            "names exact = 'ocsp.ca.example'; role = 'api'",
            "names suffix = 'store.example'; role = 'relay'",
            "names suffix = 'tunnels.top.example'; role = 'relay'",
            "names suffix = 'pages.dev'; role = 'relay'",
            "names suffix = 'tool.pages.dev'; role = 'relay'",
            "names suffix = 'co.uk'; role = 'api'",
            "networks cidr = '10.0.0.0/8'; role = 'api'",
        ],
    );
    let mut builder = BookBuilder::new();
    builder.catalogue("greedy.toml", &rows);
    let provenance = "source = 'test'\nchecked = 2026-11-21\n";
    builder.gate("gate.toml", &format!(
        "[[names]]\ngroup = 'top sites'\nscope = 'apex'\nnames = ['top.example', 'blob.store.example']\n\
         {provenance}[[names]]\ngroup = 'CAs'\nscope = 'below'\nnames = ['ca.example']\n{provenance}\
         [[networks]]\ngroup = 'private'\ncidrs = ['10.0.0.0/8']\n{provenance}"
    ));
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    use Specificity::{Generic, Specific};
    let table = [
        ("x.top.example", Some(Generic)),
        ("top.example", Some(Generic)),
        ("relay.tunnels.top.example", Some(Specific)),
        ("ocsp.ca.example", Some(Generic)),
        ("relay.store.example", Some(Specific)),
        // The row speaks for all of the store, but not for the part that everyone rents.
        ("anyone.blob.store.example", Some(Generic)),
        ("x.pages.dev", Some(Generic)),
        ("x.tool.pages.dev", Some(Specific)),
        ("co.uk", Some(Generic)),
        ("shop.co.uk", None),
    ];
    for (name, want) in table {
        let found = asked(&book, name);
        assert_eq!(found.first().map(|found| found.specificity), want, "{name}");
    }
    let notes: Vec<String> = book.gated().iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 5, "{notes:#?}");
    assert!(notes[0].starts_with("greedy.toml:4:"), "{}", notes[0]);
    assert_eq!(book.self_test(), Vec::<String>::new());
    assert_eq!(role(&asked(&book, "x.top.example")[0]), model::Role::Api);
}
