//! The page in a real browser: it is shown, fits, prints, asks for nothing and runs nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use audit::{Format, Question};
use serde_json::Value;
use tempfile::TempDir;

use crate::picture::Picture;
use crate::{project, rmmwatch, said, scene};

/// Seconds after which a browser is taken to hang.
const PATIENCE_SECS: &str = "120";

struct Browser {
    program: PathBuf,
    folder: TempDir,
}

impl Browser {
    /// A browser that is installed here, or none, which is said.
    fn find() -> Option<Browser> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let places = std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name)));
        let program = places.into_iter().find(|place| place.is_file());
        if program.is_none() {
            println!("SKIPPED: no Chromium is installed, so that no browser looks at the report");
        }
        Some(Browser { program: program?, folder: TempDir::new().expect("a folder") })
    }

    /// Show a page, do what `args` ask, and answer what came out.
    fn show(&self, page: &Path, args: &[&str]) -> Output {
        let profile = tempfile::tempdir_in(self.folder.path()).expect("a folder");
        let done = Command::new("timeout")
            .arg(PATIENCE_SECS)
            .arg(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args(["--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(args)
            .arg(format!("file://{}", page.display()))
            .current_dir(self.folder.path())
            .output()
            .expect("the browser runs");
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {errors}", page.display());
        done
    }

    fn page(&self, name: &str, html: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, html).expect("it can be written");
        path
    }
}

/// What the browser's console said.
fn console(done: &Output) -> Vec<String> {
    let errors = String::from_utf8_lossy(&done.stderr);
    errors.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect()
}

/// Every page that is looked at, by name.
fn pages() -> Vec<(&'static str, String)> {
    let folder = TempDir::new().expect("a folder");
    let capture = project("pcaps/aa23-025a-campaign.pcap").display().to_string();
    let policy = project("pcaps/aa23-025a-campaign.policy.toml").display().to_string();
    let args = ["report", &capture, "--policy", &policy, "--format", "html", "--quiet"];
    let campaign = said(&rmmwatch(folder.path(), &args), 0);
    let html = |audit: audit::Audit| scene::printed(&audit.finish(), Format::Html, None);
    vec![
        ("campaign.html", campaign),
        ("office.html", html(scene::office(Question::default()))),
        ("hostile.html", html(scene::hostile())),
        ("crowd.html", html(scene::crowd(400, 30))),
        ("empty.html", html(audit::Audit::new(Question::default()))),
    ]
}

/// A page that shows another one in frames of several widths, and writes down what it measures. The
/// page itself may run no script; this one around it may.
fn ruler(html: &str, widths: &[u32]) -> String {
    let inner = html.replace('&', "&amp;").replace('"', "&quot;");
    let frames: String = widths
        .iter()
        .map(|width| {
            format!("<iframe width=\"{width}\" height=\"900\" srcdoc=\"{inner}\"></iframe>")
        })
        .collect();
    format!(
        "<!DOCTYPE html><meta charset=\"utf-8\">{frames}<pre id=\"said\"></pre><script>\n\
         onload = () => {{ const all = [...document.querySelectorAll('iframe')].map(frame => {{\n\
           const page = frame.contentDocument, root = page.documentElement;\n\
           const wide = [...page.querySelectorAll('body *')].filter(one =>\n\
             one.getBoundingClientRect().right > root.clientWidth + 1 && !one.closest('.scroll')\n\
             && !one.closest('.store'));\n\
           return {{ width: root.clientWidth, scroll: root.scrollWidth,\n\
             wide: wide.slice(0, 5).map(one => one.outerHTML.slice(0, 120)),\n\
             active: page.querySelectorAll('script,img,iframe,object,embed,form,base,a').length,\n\
             fetched: frame.contentWindow.performance.getEntriesByType('resource').length,\n\
             styled: frame.contentWindow.getComputedStyle(page.body).fontSize,\n\
             titled: [...page.querySelectorAll('svg[role=img]')].every(one =>\n\
               one.querySelector('title') && one.querySelector('desc')),\n\
             heads: [...page.querySelectorAll('table')].every(one =>\n\
               one.caption && one.tHead && one.querySelector('th[scope=col]')) }};\n\
         }}); document.getElementById('said').textContent = JSON.stringify(all); }};</script>"
    )
}

fn measured(browser: &Browser, name: &str, html: &str, widths: &[u32]) -> Vec<Value> {
    let page = browser.page(&format!("ruler-{name}"), &ruler(html, widths));
    let done = browser.show(&page, &["--dump-dom", "--window-size=1600,1200"]);
    assert_eq!(console(&done), [""; 0], "{name}");
    let dom = String::from_utf8_lossy(&done.stdout);
    let said = dom.split_once("<pre id=\"said\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let said = said.expect("it was measured").0;
    let said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&said).unwrap_or_else(|why| panic!("{name}: {why}: {said:.200}"))
}

#[test]
fn the_page_fits_every_width_and_asks_for_nothing() {
    let Some(browser) = Browser::find() else { return };
    for (name, html) in pages() {
        let widths = [1280, 768, 390, 320];
        let all = measured(&browser, name, &html, &widths);
        assert_eq!(all.len(), widths.len(), "{name}");
        for one in all {
            let about = format!("{name}: {one}");
            assert!(one["scroll"].as_u64() <= one["width"].as_u64(), "{about}");
            assert_eq!(one["wide"], Value::Array(Vec::new()), "{about}");
            assert_eq!((&one["active"], &one["fetched"]), (&0.into(), &0.into()), "{about}");
            assert_eq!(one["styled"], "15px", "the page's own style is in force: {about}");
            assert_eq!((&one["titled"], &one["heads"]), (&true.into(), &true.into()), "{about}");
        }
    }
}

#[test]
fn the_page_is_shown_and_the_console_stays_empty() {
    let Some(browser) = Browser::find() else { return };
    for (name, html) in pages() {
        let page = browser.page(name, &html);
        let done = browser.show(&page, &["--dump-dom"]);
        assert_eq!(console(&done), [""; 0], "{name}");
        let dom = String::from_utf8_lossy(&done.stdout);
        assert!(dom.contains("<h1>Remote access"), "{name}");
        // What a browser made of the page has no element more than was written.
        let elements = |text: &str| text.matches("<td").count() + text.matches("<bdi").count();
        assert_eq!(elements(&dom), elements(&html), "{name}");
        // A window has a least width of its own, so that a phone's may be somewhat wider.
        let sizes = [("1280,1600", 1280, 20), ("390,844", 390, 20)];
        for (size, wide, least) in
            sizes.into_iter().take(if name == "campaign.html" { 2 } else { 1 })
        {
            let shot = browser.folder.path().join("shot.png");
            let to = format!("--screenshot={}", shot.display());
            browser.show(&page, &[&to, &format!("--window-size={size}")]);
            let picture = Picture::read(&std::fs::read(&shot).expect("a picture"));
            let about = (name, picture.width, picture.height, picture.ink_permille());
            assert!(picture.width >= wide && picture.ink_permille() >= least, "{about:?}");
            std::fs::remove_file(&shot).expect("it was there");
        }
    }
}

#[test]
fn the_page_prints() {
    let Some(browser) = Browser::find() else { return };
    // How many sheets of A4, at least and at most.
    let sheets = [("campaign.html", 2..=8), ("office.html", 3..=8), ("crowd.html", 20..=120)];
    for (name, html) in pages() {
        let Some((_, range)) = sheets.iter().find(|(known, _)| *known == name) else { continue };
        let page = browser.page(name, &html);
        let print = browser.folder.path().join("print.pdf");
        let to = format!("--print-to-pdf={}", print.display());
        let done = browser.show(&page, &[&to, "--no-pdf-header-footer"]);
        assert_eq!(console(&done), [""; 0], "{name}");
        let octets = std::fs::read(&print).expect("a print");
        let text = String::from_utf8_lossy(&octets);
        let count = text.matches("/Type /Page\n").count();
        assert!(range.contains(&count), "{name}: {count} sheets");
        std::fs::remove_file(&print).expect("it was there");
    }
}

/// The measures above mean something: a bad page fails them.
#[test]
fn a_bad_page_is_seen_to_be_one() {
    let Some(browser) = Browser::find() else { return };
    let bad = "<!DOCTYPE html><meta http-equiv=\"Content-Security-Policy\" \
        content=\"default-src 'none'\"><p style=\"width:3000px\">x</p><img src=\"file:///x.png\">";
    let page = browser.page("bad.html", bad);
    let done = browser.show(&page, &["--dump-dom"]);
    assert!(console(&done).len() >= 2, "{}", String::from_utf8_lossy(&done.stderr));
    let wide = format!("<p>{}</p><img><svg role=\"img\"></svg><table></table>", "x".repeat(300));
    let page = browser.page("ruler.html", &ruler(&wide, &[390]));
    let done = browser.show(&page, &["--dump-dom"]);
    let dom = String::from_utf8_lossy(&done.stdout);
    let said = dom.split_once("id=\"said\">").expect("it was measured").1;
    assert!(said.contains("\"active\":1") && said.contains("\"titled\":false"), "{said}");
    assert!(!said.contains("\"scroll\":390") && said.contains("\"heads\":false"), "{said}");
}
