//! Signed policy and feeds: pushed by an operator, fetched and tried by whoever watches.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::peers::{Nats, begin, wait_until};

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";

/// The program, however it ends.
fn try_it(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    (status.code(), text(stdout), text(stderr))
}

/// An operator: a key, and what to push.
struct Operator<'a> {
    nats: &'a Nats,
    key: PathBuf,
    public: String,
}

impl Operator<'_> {
    fn new<'a>(nats: &'a Nats, name: &str) -> Operator<'a> {
        let key = nats.path(name);
        let (code, out, said) = try_it(&["bundle", "keygen", &key.display().to_string()]);
        assert_eq!(code, Some(0), "{said}");
        Operator { nats, key, public: out.trim().to_owned() }
    }

    fn push(&self, version: &str, policy: &Path, more: &[&str]) -> (Option<i32>, String) {
        let (key, policy) = (self.key.display().to_string(), policy.display().to_string());
        let mut args = vec!["bundle", "push", "--create", "--to", &self.nats.url, "--key", &key];
        args.extend(["--serial", version, "--policy", &policy]);
        args.extend(more);
        let (code, _, said) = try_it(&args);
        (code, said)
    }
}

#[tokio::test]
async fn a_bundle_is_fetched_tried_and_kept_or_refused() {
    let Some(nats) = Nats::start() else { return };
    let operator = Operator::new(&nats, "operator.key");
    let stranger = Operator::new(&nats, "stranger.key");
    let settings = nats.path("watcher.toml");
    let (url, place, public) = (&nats.url, nats.path("bundle"), &operator.public);
    let table = format!(
        "[bundle]\nfrom = [\"{url}\"]\nkeys = [\"{public}\"]\npath = {place:?}\n[fleet]\npartitions = 1\n"
    );
    std::fs::write(&settings, table).expect("written");
    let settings = settings.display().to_string();
    let open = nats.path("open.toml");
    let policy = "[[zone]]\nname = \"all\"\nnetworks = [\"10.0.0.0/8\"]\n\
                  [[suppress]]\ntool = \"anydesk\"\nzones = [\"all\"]\nowner = \"o\"\n\
                  reason = \"quiet\"\n[[suppress]]\ntool = \"screenconnect\"\nzones = [\"all\"]\n\
                  owner = \"o\"\nreason = \"quiet\"\n";
    std::fs::write(&open, policy).expect("written");
    let deny = nats.path("deny.toml");
    std::fs::write(&deny, "[[zone]]\nname = \"all\"\nnetworks = [\"10.0.0.0/8\"]\n")
        .expect("written");

    let alerts = || try_it(&["replay", "-c", &settings, "--quiet", CAPTURE]).1.lines().count();
    let before = alerts();
    assert!(before > 0);
    let said = nats.path("said");
    let args =
        ["analyse", "--from", &nats.url, "--create", "-c", &settings, "--alerts", "/dev/null"];
    let mut watcher = begin(&args, &said);
    let told = |what: &str| {
        wait_until(what, || std::fs::read_to_string(&said).is_ok_and(|text| text.contains(what)));
    };

    let (code, why) = operator.push("7", &open, &["--feed", "config/feeds/aa23-025a.toml"]);
    assert_eq!(code, Some(0), "{why}");
    told("the bundle counts from now on version=7");
    let (code, checked, _) = try_it(&["check", "-c", &settings]);
    assert!(checked.contains("bundle     version 7, signed"), "{code:?} {checked}");
    assert!(alerts() < before, "its policy counts");

    // Signed by somebody else: it lies in the bucket, and is refused.
    assert_eq!(stranger.push("8", &deny, &[]).0, Some(0));
    told("its signature is of none of the keys in [bundle] keys; the old one stands");
    let (_, shown, _) = try_it(&["bundle", "show", "-c", &settings]);
    assert!(shown.contains("refused: its signature"), "{shown}");
    assert_eq!(operator.push("6", &deny, &[]).0, Some(0));
    told("it is version 6, and 7 is here already");
    assert!(alerts() < before);

    // What no sensor would take is not pushed.
    let wrong = nats.path("wrong.toml");
    std::fs::write(&wrong, "[[alow]]\ntool = \"anydesk\"\n").expect("written");
    let (code, why) = operator.push("9", &wrong, &[]);
    assert_eq!(code, Some(4), "{why}");
    assert!(why.contains("did you mean") && why.contains("nothing was pushed"), "{why}");
    let (code, why) = operator.push("5", &deny, &[]);
    assert!(code == Some(4) && why.contains("a bundle only grows"), "{code:?} {why}");

    assert_eq!(operator.push("10", &deny, &[]).0, Some(0));
    told("the bundle counts from now on version=10");
    assert_eq!(alerts(), before);
    watcher.stop();

    // What was signed is checked again, whenever it is read.
    std::fs::write(place.join("10/policy.toml"), policy).expect("written");
    let (code, _, why) = try_it(&["replay", "-c", &settings, "--quiet", CAPTURE]);
    assert!(code == Some(4) && why.contains("policy.toml"), "{code:?} {why}");
}
