//! Names that lie, and names that do not: all that ships, asked about names nobody measured.

use model::{Fact, LureKind, Meaning, Side, TlsCertificate, Transport};

use crate::scene::{ask, asked, name, seen};
use crate::shipped::shipped;

/// What a name is told as: `imitation brand method`, `lure - shape`, with `(noted)` behind it when
/// it does not stand alone; `-` when nothing is told.
fn told(book: &intel::Book, name: &str) -> String {
    let Some(lure) = book.look_alike(name) else { return "-".to_owned() };
    assert!(!lure.steps.is_empty(), "{name} is told without a step");
    assert!(lure.score <= 100, "{name}: {lure:?}");
    let kind = match lure.kind {
        LureKind::Imitation => "imitation",
        LureKind::Lure => "lure",
    };
    let brand = lure.brand.as_ref().map_or("-", |(id, _)| id);
    let noted = if lure.stands_alone { "" } else { " (noted)" };
    format!("{kind} {brand} {}{noted}", lure.method)
}

#[test]
fn each_technique_is_told() {
    let book = shipped().0;
    let table = [
        // One edit, of each kind.
        ("teamveiwer.net", "imitation teamviewer transposition"),
        ("malwarebyte.org", "imitation malwarebytes omission"),
        ("bankoffamerica.co", "imitation bankofamerica repetition"),
        ("ultraviewar.com", "imitation ultraviewer vowel-swap"),
        ("welksfargo.com", "imitation wellsfargo replacement"),
        ("splashtoqp.io", "imitation splashtop insertion"),
        // Two edits, of long coined names alone.
        ("malwarbites.com", "imitation malwarebytes two-edits"),
        ("atrea.com", "-"),
        // Letters that look alike: digits, pairs, other scripts.
        ("m1cr0s0ft.dev", "imitation microsoft homoglyph"),
        ("rnicrosoft.net", "imitation microsoft homoglyph"),
        ("xn--nydesk-2nf.com", "imitation anydesk homoglyph"),
        ("xn--aydesk-setup-9gb.com", "imitation anydesk homoglyph"),
        ("xn--pple-43d.com", "imitation apple homoglyph"),
        ("xn--80a1acny.com", "-"),
        // Words around a brand.
        ("paypal-resolution-desk.com", "imitation paypal combination"),
        ("mylogmeinaccount.net", "imitation logmein combination"),
        ("geek-squad.renewals.example.com", "imitation geeksquad sub-domain (noted)"),
        ("norton-billing-care.com", "imitation norton combination"),
        ("anydesk.app", "imitation anydesk ending"),
        ("geek-squad.co", "imitation geeksquad hyphenation"),
        ("mal.warebytes.com", "imitation malwarebytes split-by-dot"),
        // Below somebody else's name.
        ("www.paypal.com.account-77.example.net", "imitation paypal sub-domain"),
        ("teamviewer.corp.example.net", "imitation teamviewer sub-domain (noted)"),
        ("www.microsoft.com.edgekey.net", "-"),
        // A tenant of a host is who registered.
        ("wellsfargo-verify.pages.dev", "imitation wellsfargo combination"),
    ];
    for (name, want) in table {
        assert_eq!(told(&book, name), want, "{name}: {:?}", book.explain(name).steps);
    }
}

#[test]
fn words_that_hold_a_brand_by_chance_are_none() {
    let book = shipped().0;
    let names = [
        "pineapple.com",
        "purchase-order.com",
        "trustdesk.com",
        "microsoftware.net",
        "snortonline.com",
        "collateral.com",
        "enchased.net",
        "amazonia.org",
        "paypalace.com",
        "example.com",
        "x",
        "",
        "com",
        "co.uk",
        "a.b.c.d.e.f.g",
        "xn--",
        "xn---.com",
        "-.-",
        "..",
        "10.in-addr.arpa",
        "_ldap._tcp.example.org",
    ];
    for name in names {
        let told = told(&book, name);
        assert!(told == "-" || told.ends_with("(noted)"), "{name}: {told}");
    }
}

#[test]
fn what_a_brand_owns_is_its_own() {
    let book = shipped().0;
    let names = [
        "login.microsoftonline.com",
        "relay-1a2b.net.anydesk.com",
        "www.amazon.co.jp",
        "paypalobjects.com",
        "instance-x.screenconnect.com",
        "cdn.apple-mapkit.com",
        "my.norton.com",
        "secure.bankofamerica.com",
        "static.splashtop.com",
        "download.teamviewer.com",
        "assist.zoho.eu",
        "nic.microsoft",
    ];
    for name in names {
        assert_eq!(told(&book, name), "-", "{name}");
    }
}

#[test]
fn help_desks_without_a_brand_have_shapes() {
    let book = shipped().0;
    let table = [
        ("win07.top", "lure - machine-number"),
        ("win77.top", "-"),
        ("qhelp.info", "lure - short-help"),
        ("petcare.live", "-"),
        ("xsupport247.live", "lure - help-around-the-clock"),
        ("365secure.us", "lure - access-around-the-clock"),
        ("4711secure.org", "lure - access-number"),
        ("support77.cc", "lure - help-number"),
        ("carehelp.online", "lure - help-help"),
        ("qhelp.com", "-"),
        ("help.example.com", "-"),
        ("support.microsoft.com", "-"),
    ];
    for (name, want) in table {
        assert_eq!(told(&book, name), want, "{name}: {:?}", book.explain(name).steps);
    }
}

#[test]
fn an_organisation_of_ones_own_takes_three_lines() {
    let own = |text: &str| {
        let mut builder = intel::BookBuilder::new();
        builder.brands("rmmwatch.toml", text);
        builder.words("purchase\nacne\nchase\n");
        builder.build()
    };
    let (book, complaints) =
        own("[[brand]]\nname = 'Vattenwerk'\ndomains = ['vattenwerk.example']\n");
    assert_eq!(complaints, []);
    assert_eq!(book.brand_notes(), []);
    assert_eq!(told(&book, "vattenwerk-login.com"), "imitation vattenwerk combination");
    assert_eq!(told(&book, "www.vattenwerk.example"), "-");
    let (_, complaints) = own("[[brand]]\nname = 'Vattenwerk'\nendings = ['de', '.fr']\n");
    assert!(complaints[0].why.contains("`.fr` is no ending"), "{complaints:?}");
    let (book, complaints) = own("[[brand]]\nname = 'Chase'\n");
    assert_eq!(complaints, []);
    let notes = book.brand_notes();
    assert!(notes[0].why.contains("stands in 1 other words (purchase)"), "{notes:?}");
    // What would hide others, or stop the judge, is refused; the rest of the brand stands.
    let (book, complaints) = own("name = 'Acmewerk'\ndomains = ['com', '*.acmewerk.example', \
                                  'acmewerk.example']\ncollisions = ['-', 'acmewerks']\n\
                                  bystanders = ['*']\n");
    let whys: Vec<&str> = complaints.iter().map(|complaint| &*complaint.why).collect();
    assert_eq!(
        whys,
        [
            "`com` is one word, not a domain name",
            "`*.acmewerk.example` has a wildcard",
            "`-` has no letter of a host name",
            "`*` has no letter of a host name",
        ]
    );
    assert_eq!(told(&book, "acmewerk-chase.com"), "imitation acmewerk combination");
    assert_eq!(told(&book, "acmewerks.com"), "-");
    assert_eq!(told(&book, "www.acmewerk.example"), "-");
    let (book, complaints) = own("[[brand]]\nname = 'HP'\n\n[[brand]]\nnmae = 'x'\n");
    assert_eq!(book.brands(), 0);
    assert!(complaints.iter().any(|c| c.why.contains("fewer than 4")), "{complaints:?}");
    assert!(complaints.iter().any(|c| c.line == 5 && c.why.contains("nmae")), "{complaints:?}");
}

#[test]
fn what_a_tenant_calls_itself_is_no_word_of_the_catalogues() {
    let book = shipped().0;
    // The kinds of what a question for the name shows.
    let table = [
        ("paypal-verify.trycloudflare.com", "tool lure"),
        ("blue-horse-tin.trycloudflare.com", "tool"),
        ("relay-paypal-verify.net.anydesk.com", "tool"),
        ("paypal-verify.example.com", "lure"),
    ];
    for (name, want) in table {
        let told = book.explain(name);
        let kinds: Vec<&str> = told
            .matches
            .iter()
            .map(|sign| match &sign.meaning {
                Meaning::Tool { .. } => "tool",
                Meaning::Indicator { .. } => "list",
                Meaning::Lure(_) => "lure",
            })
            .collect();
        assert_eq!(kinds.join(" "), want, "{name}: {:?}", told.steps);
        let asked = !told.steps.iter().any(|step| step.starts_with("look-alikes: not asked"));
        assert_eq!(asked, want != "tool" || name.ends_with("trycloudflare.com"), "{name}");
    }
}

#[test]
fn no_octets_before_the_registered_name_hide_it() {
    let book = shipped().0;
    let escaped = "\\xff".repeat(62);
    // A label of one letter that looks like eighteen; thirty of them are longer than any name.
    let wide = format!("xn--{}", "976c");
    let table = [
        (format!("{escaped}.paypal-login.com"), "imitation paypal combination"),
        (format!("{escaped}.{escaped}.{escaped}.paypal-login.com"), "imitation paypal combination"),
        (
            format!("{}paypal-login.com", format!("{wide}.").repeat(26)),
            "imitation paypal combination",
        ),
        (format!("{}paypal-login.com", "a.".repeat(118)), "imitation paypal combination"),
        ("xn--pple-43d.paypal-login.com".to_owned(), "imitation paypal combination"),
        (
            "anydesk.teamviewer.splashtop.logmein.microsoft.norton.paypal.malwarbites.com"
                .to_owned(),
            "imitation malwarebytes two-edits",
        ),
        // Words a letter away from a brand, and words that hold one, use up no places.
        (format!("paypal{}.com", "-ample".repeat(8)), "imitation paypal combination"),
        (format!("paypl-login{}.com", "-ample".repeat(8)), "imitation paypal omission"),
        (format!("chase-login{}.com", "-chaser".repeat(7)), "imitation chase combination"),
        // Octets as some programs send them: UTF-8, no A-labels.
        ("\\xd1\\x80\\xd0\\xb0ypal.com".to_owned(), "imitation paypal homoglyph"),
        ("any\\xc3\\xb0esk-setup.com".to_owned(), "imitation anydesk homoglyph"),
        ("pay\\x.com".to_owned(), "-"),
        ("pay\\xzz\\x5c.com".to_owned(), "-"),
    ];
    for (name, want) in &table {
        assert_eq!(told(&book, name), *want, "{name}");
    }
}

#[test]
fn a_certificate_of_one_registered_name_is_judged() {
    let book = shipped().0;
    let table: &[(&[&str], &[&str])] = &[
        (&["paypal-login.com", "www.paypal-login.com"], &["paypal-login.com"]),
        (&["*.paypal-login.com"], &["paypal-login.com"]),
        (&["cdn.example.net", "paypal-login.com"], &[]),
        (&["Some Printer", "paypal-login.com"], &["paypal-login.com"]),
        (&["www.paypal.com", "paypal.com"], &[]),
        (&["a.example.com", "www.paypal.com.example.com"], &["www.paypal.com.example.com"]),
        (&[], &[]),
    ];
    for (names, want) in table {
        let certificate = TlsCertificate {
            side: Side::Server,
            subject: "CN=nobody".into(),
            issuer: "CN=nobody".into(),
            names: names.iter().map(|one| name(one)).collect(),
            der: Box::default(),
            chain: Vec::new(),
            not_before: 0,
            not_after: 0,
        };
        let fact = Fact::TlsCertificate(Box::new(certificate));
        let found = ask(&book, &seen("192.0.2.1:443", Transport::Tcp, fact), None);
        let values: Vec<&str> = found.iter().map(|sign| &*sign.value).collect();
        assert_eq!(values, *want);
        assert!(found.iter().all(|sign| sign.source == model::SignSource::TlsCertificate));
    }
}

#[test]
fn the_steps_of_a_record_tell_all_that_was_asked() {
    let found = asked(&shipped().0, "paypa1-support.com");
    let Meaning::Lure(lure) = &found[0].meaning else { panic!("{found:?}") };
    let heads: Vec<&str> =
        lure.steps.iter().map(|step| step.split(':').next().unwrap_or_default()).collect();
    assert_eq!(heads, ["skeleton", "allow-list", "label", "words", "span", "lists"]);
    assert!(lure.steps[5].ends_with(" feeds, none has it"), "{:?}", lure.steps);
}
