//! Catalogue files: what is wrong is told with its place and a fix, and the rest stands.

use intel::{BookBuilder, RowKind};

use crate::scene::asked;

/// A good row before and one after whatever is wrong.
fn around(middle: &str) -> String {
    let good = |name: &str| {
        format!("[[names]]\nexact = '{name}'\nrole = 'api'\nsource = 's'\nchecked = 2026-11-21\n")
    };
    format!(
        "id = 'acme'\nname = 'Acme'\nhosting = 'vendor'\n{}{middle}\n{}",
        good("one.acme.example"),
        good("two.acme.example")
    )
}

#[test]
fn complaints_tell_place_and_fix_and_the_rest_stands() {
    let row = "[[names]]\nrole = 'api'\nsource = 's'\nchecked = 2026-11-21\n";
    let port = "[[ports]]\ntransport = 'tcp'\nrole = 'api'\nsource = 's'\nchecked = 2026-11-21\n";
    let ja4 = "[[ja4]]\nrole = 'relay'\nsource = 's'\nchecked = 2026-11-21\n";
    let protocol = "[[protocols]]\nrole = 'relay'\nsource = 's'\nchecked = 2026-11-21\n";
    let payload = "[[payloads]]\ntransport = 'tcp'\nside = 'client'\nrole = 'relay'\nsource = 's'\n\
        checked = 2026-11-21\n";
    let table: &[(String, u32, &str, &str)] = &[
        (format!("{row}sufix = 'x.example'"), 13, "unknown key `sufix`", "`suffix`"),
        (format!("{row}exact = 'user_managed'"), 13, "placeholder", "leave the row out"),
        (format!("{row}exact = '<your server>'"), 13, "placeholder", ""),
        (format!("{row}suffix = '*.acme.example'"), 13, "wildcard", "without the `*.`"),
        (format!("{row}exact = 'insight'"), 13, "one word", ""),
        (format!("{row}exact = '192.0.2.1'"), 13, "address", "cidr"),
        (format!("{row}exact = '-x.example'"), 13, "no valid domain", ""),
        (format!("{row}suffix = 'a.example'\nexact = 'b.example'"), 9, "in 2 ways", "just one"),
        (row.to_owned(), 9, "in 0 ways", ""),
        (format!("{row}pattern = 'x[0-9]\\.example\\.com'"), 13, "not anchored", ""),
        (format!("{row}pattern = '^x.*$'"), 13, "no literal end", ""),
        (format!("{row}pattern = '^X\\.acme\\.example$'"), 13, "dead", ""),
        (format!("{row}exact = 7"), 13, "`exact` is of the kind integer", ""),
        (row.replace("'api'", "'relais'") + "exact = 'a.example'", 10, "no role", "`relay`"),
        (row.replace("source = 's'\n", "") + "exact = 'a.example'", 9, "`source` is missing", ""),
        (
            row.replace("checked = 2026-11-21\n", "exact = 'a.example'"),
            9,
            "`checked`",
            "2026-11-21",
        ),
        (row.replace("2026-11-21", "'2026-11-21'") + "exact = 'a.example'", 12, "`checked`", ""),
        (format!("{row}exact = 'a.example'\nspecificity = 'low'"), 14, "no specificity", "one of"),
        (format!("{port}port = 70000"), 14, "out of range", "65535"),
        (format!("{port}first = 9\nlast = 8"), 9, "no range", ""),
        (format!("{port}port = 9\nspecificity = 'specific'"), 9, "never specific", "shared"),
        (format!("{payload}bytes = '8 7'"), 15, "no pair", ""),
        (format!("{payload}bytes = '?? ?? 01'"), 15, "fewer than 2", ""),
        (format!("{payload}bytes = '01 02'\noffset = 255"), 15, "too far in", ""),
        (payload.to_owned(), 9, "`bytes` is missing", "hexadecimal"),
        (format!("{payload}bytes = '01 04&03'"), 15, "`04&03` is no pair", "87 ?? 10 00"),
        (format!("{payload}bytes = '01'\nalso = ['02 03']"), 16, "an offset and `:`", "11: 17 24"),
        (format!("{payload}also = ['x: 02 03']"), 15, "`x` is no offset", "11: 17 24"),
        (format!("{payload}also = ['255: 02 03']"), 15, "too far in", ""),
        (format!("{payload}contains = '01 ?? 03'"), 15, "can be open", ""),
        (format!("{payload}bytes = '01 02'\nlength = '0: u64'"), 16, "`u64` is no length", "u16le"),
        (format!("{payload}bytes = '01 02'\nlength = 'u8'"), 16, "an offset and `:`", "u16le"),
        (
            format!("{payload}bytes = '01 02'\nfirst_len_min = 9\nfirst_len_max = 8"),
            9,
            "no length is in its range",
            "first_len_min",
        ),
        (format!("{payload}bytes = '01 02'\nversion = '[0-9]'"), 16, "one group", "(…)"),
        (format!("{payload}bytes = '01 02'\nversion = '(a'"), 16, "no regular expression", ""),
        (format!("{ja4}fingerprint = 't13d1516h2_8daaf6152771'"), 13, "no JA4", "36 characters"),
        (
            format!(
                "{ja4}fingerprint = 't13d1516h2_8daaf6152771_e5627efa2ab1'\n\
                specificity = 'specific'"
            ),
            9,
            "a fingerprint is never specific",
            "shared",
        ),
        (format!("{protocol}protocol = 'rpd'"), 13, "`rpd` is no protocol", "`rdp`"),
        (format!("{protocol}protocol = 'ssh'\nglob = '*a*'"), 14, "says too little", ""),
        (protocol.to_owned(), 9, "`protocol` is missing", "rdp, vnc, ssh"),
        ("x = = 1".to_owned(), 9, "", ""),
        ("[[naames]]\na = 1".to_owned(), 9, "unknown key `naames`", "`names`"),
    ];
    for (middle, line, why, fix) in table {
        let mut builder = BookBuilder::new();
        builder.catalogue("config/catalogue/acme.toml", &around(middle));
        let (book, complaints) = builder.build();
        assert!(!complaints.is_empty(), "{middle}");
        let first = &complaints[0];
        assert_eq!((&*first.file, first.line), ("config/catalogue/acme.toml", *line), "{first}");
        assert!(first.why.contains(why), "{first}");
        assert!(first.fix.contains(fix), "{first}");
        for name in ["one.acme.example", "two.acme.example"] {
            assert_eq!(asked(&book, name).len(), 1, "{middle}: {complaints:?}");
        }
    }
}

#[test]
fn tools_tell_their_rows_and_their_newest_date() {
    let text = around(
        "[[files]]\nnames = ['Acme.exe', 'acme-*.msi']\nsource = 's'\nchecked = 2026-11-22\n",
    );
    let mut builder = BookBuilder::new();
    builder.catalogue("acme.toml", &text);
    builder.catalogue("zeta.toml", "id = 'zeta'\nname = 'Zeta'\nhosting = 'self'\n");
    builder.catalogue("beta.toml", "id = 'beta'\nname = 'Beta'\nhosting = 'self'\n");
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    let ids: Vec<&str> = book.tools().iter().map(|tool| tool.id.as_str()).collect();
    assert_eq!(ids, ["acme", "beta", "zeta"]);
    let acme = &book.tools()[0];
    assert_eq!((&*acme.version, acme.rows.len()), ("2026-11-22", 4));
    assert_eq!(acme.rows.iter().filter(|row| row.kind == RowKind::File).count(), 2);
    assert_eq!(&*book.tools()[1].version, "-");
}

#[test]
fn ids_are_the_files_names_and_unique() {
    let head = |id: &str| format!("id = '{id}'\nname = 'N'\nhosting = 'self'\n");
    let mut builder = BookBuilder::new();
    builder.catalogue("a/one.toml", &head("one"));
    builder.catalogue("b/two.toml", &head("zwei"));
    builder.catalogue("c/one.toml", &head("one"));
    builder.catalogue("bad.toml", &head("Bad One"));
    builder.catalogue("none.toml", "");
    let (book, complaints) = builder.build();
    let told: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (said, want) in told.iter().zip([
        "b/two.toml:1:6: the id `zwei` is not the file's name",
        "c/one.toml:1:1: the id `one` is taken by a/one.toml",
        "bad.toml:1:6: `Bad One` is no id",
        "none.toml:1:1: `id` is missing",
    ]) {
        assert!(said.starts_with(want), "{said}");
    }
    assert_eq!(book.tools().len(), 2);
}

#[test]
fn complaints_are_bounded() {
    let bad = "[[names]]\nexact = 'x'\n".repeat(2000);
    let mut builder = BookBuilder::new();
    builder.catalogue("acme.toml", &around(&bad));
    let (book, complaints) = builder.build();
    assert_eq!(complaints.len(), 101);
    assert!(complaints[100].why.contains("more problems"), "{}", complaints[100]);
    assert_eq!(asked(&book, "two.acme.example").len(), 1);
}
