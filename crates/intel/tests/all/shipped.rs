//! The catalogue, feeds, gate and labels that ship with the program: no complaint, no dead row.

use std::fs;
use std::path::Path;

use intel::{Book, RowKind};
use model::{Complaint, Role, Specificity};

use crate::scene::{asked, short};
use crate::ships;

pub(crate) fn shipped() -> (Book, Vec<Complaint>) {
    ships::builder().build()
}

#[test]
fn all_that_ships_is_flawless_and_live() {
    let (book, complaints) = shipped();
    for complaint in &complaints {
        println!("{complaint}");
    }
    for gated in book.gated() {
        println!("{gated}");
    }
    for tool in book.tools() {
        for row in tool.rows.iter().filter(|row| row.gated.is_some()) {
            println!("held by the gate: {} {} {:?}", tool.id, row.value, row.gated);
        }
    }
    assert_eq!(complaints.len(), 0);
    assert!(book.resolvers() > 200, "{} resolvers", book.resolvers());
    assert_eq!(book.self_test(), Vec::<String>::new());
    assert_eq!(book.gated().len(), 0, "gated rows are to be marked generic where they stand");
}

#[test]
fn the_catalogue_knows_enough_tools() {
    let (book, _) = shipped();
    if book.tools().is_empty() {
        println!("skipped: config/catalogue is empty");
        return;
    }
    let with = |least: Specificity| {
        let network = |kind: RowKind| !matches!(kind, RowKind::Port | RowKind::File);
        let counts = |row: &intel::Row| network(row.kind) && row.specificity <= least;
        book.tools().iter().filter(|tool| tool.rows.iter().any(counts)).count()
    };
    let (specific, shared) = (with(Specificity::Specific), with(Specificity::Shared));
    let rows: usize = book.tools().iter().map(|tool| tool.rows.len()).sum();
    println!("{} tools, {rows} rows", book.tools().len());
    println!("with a specific network sign: {specific}; with one at all: {shared}");
    for feed in book.feeds() {
        println!("feed {} {}: {}", feed.id, feed.version, feed.count);
    }
    // Some tools have only names that their vendor's other products use too: shared.
    assert!(shared >= 185, "{shared} tools have a network sign that counts");
    assert!(specific >= 175, "{specific} tools have a specific network sign");
}

/// What would drown a SOC is never specific, whatever the lists say.
#[test]
fn nothing_common_counts_alone() {
    let (book, _) = shipped();
    for common in [
        "google.com",
        "www.google.com",
        "googleapis.com",
        "microsoft.com",
        "www.microsoft.com",
        "learn.microsoft.com",
        "cloudflare.net",
        "cloudflare.com",
        "windows.net",
        "visualstudio.com",
        "qq.com",
        "taobao.com",
        "sophos.com",
        "zmazonaws.com",
        "checkip.zmazonaws.com",
        "cacerts.thawte.com",
        "cacerts.digicert.com",
        "ocsp.digicert.com",
        "ps.pndsn.com",
        "pubsub.pubnub.com",
        "o1.ingest.sentry.io",
        "app.launchdarkly.com",
        "github.com",
        "api.github.com",
        "gist.github.com",
        "raw.githubusercontent.com",
        "objects.githubusercontent.com",
        "ghcr.io",
        "stunserver.stunprotocol.org",
        "lastpass.com",
        "internap.net",
        "x.azure-devices.net",
        "x.amazonworkspaces.com",
        "copilot.com",
        "support.com",
        "x.webex.com",
        "download.cnet.com",
        "au.pcmag.com",
        "x.software.informer.com",
        "x.en.softonic.com",
        "downloads.io",
        "sustain-able.com",
        "nextlevel.io",
        "dns.google",
        "com",
        "co.uk",
    ] {
        for found in asked(&book, common) {
            let harmless = found.specificity == Specificity::Generic
                || matches!(&found.meaning, model::Meaning::Tool { role: Role::Website, .. });
            assert!(harmless, "{common}: {} by {}", short(&found), found.pattern);
        }
    }
}

/// Of half a million popular names next to none is held to be the use of a tool. Names of remote
/// access do stand in such lists, so there are some.
#[test]
fn popular_names_are_rarely_use() {
    let Ok(corpus) = std::env::var("RMMWATCH_CORPUS") else {
        println!("skipped: RMMWATCH_CORPUS is not set");
        return;
    };
    let Ok(text) = fs::read_to_string(Path::new(&corpus).join("corpora/benign_dev.txt")) else {
        println!("skipped: there is no corpora/benign_dev.txt in RMMWATCH_CORPUS");
        return;
    };
    let (book, _) = shipped();
    let (mut names, mut uses) = (0usize, Vec::new());
    for line in text.lines() {
        let name = line.split('\t').next().unwrap();
        names += 1;
        for found in asked(&book, name) {
            // What names pretend is held by a reviewed baseline, in tests/names.
            let pretends = matches!(found.meaning, model::Meaning::Lure(_));
            let counts = found.specificity == Specificity::Specific && !pretends;
            if counts && !short(&found).ends_with(" website") {
                uses.push(format!("{name}: {}", short(&found)));
            }
        }
    }
    println!("{names} names, {} uses", uses.len());
    assert!(uses.len() * 5000 < names, "{uses:#?}");
}
