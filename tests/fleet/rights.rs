//! The brokers' settings that we ship, and what each role may do by them: a sensor behind its site's
//! server, an analyst and an operator at the hub; and what none of them may.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::peers::{field, wait_until};

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";
const POLICY: &str = "pcaps/aa23-025a-campaign.policy.toml";

/// A server that ends with the test.
struct Server {
    child: Child,
    url: String,
    /// Where leaf nodes connect to.
    leaf: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Server {
    /// A server with a file of `packaging/nats`, on ports of its own.
    fn start(binary: &Path, folder: &Path, name: &str, hub: Option<&str>) -> Server {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let conf = root.join("packaging/nats").join(format!("{name}.conf"));
        let conf = std::fs::read_to_string(conf).expect("the settings");
        let store = folder.join(name);
        let conf = conf
            .replace("0.0.0.0:4222", "127.0.0.1:-1")
            .replace("0.0.0.0:7422", "127.0.0.1:-1")
            .replace("/var/lib/nats", store.to_str().expect("UTF-8"))
            .replace("500GB", "1GB");
        let (path, ports) =
            (folder.join(format!("{name}.conf")), folder.join(format!("{name}-ports")));
        std::fs::write(&path, conf).expect("written");
        std::fs::create_dir(&ports).expect("a folder");
        let said = std::fs::File::create(folder.join(format!("{name}.said"))).expect("a file");
        let mut server = Command::new(binary);
        server.arg("-c").arg(&path).arg("--ports_file_dir").arg(&ports);
        for (role, password) in ROLES {
            server.env(format!("{}_PASSWORD", role.to_uppercase()), password);
        }
        server.env("HUB_URL", hub.unwrap_or_default());
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let child = server.spawn().expect("nats-server starts");
        let mut server = Server { child, url: String::new(), leaf: None };
        wait_until("nats-server listens", || {
            let file = std::fs::read_dir(&ports).expect("a folder").flatten().next();
            let text = file.and_then(|file| std::fs::read_to_string(file.path()).ok());
            let told = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            let Some(told) = told else { return false };
            server.url = told["nats"][0].as_str().expect("a place").to_owned();
            true
        });
        let said = std::fs::read_to_string(folder.join(format!("{name}.said"))).expect("a log");
        let leaf = said.split("Listening for leafnode connections on ").nth(1);
        server.leaf = leaf.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        server
    }
}

/// Passwords by role.
const ROLES: [(&str, &str); 4] = [
    ("sensor", "sensor-secret"),
    ("analyst", "analyst-secret"),
    ("operator", "operator-secret"),
    ("site", "site-secret"),
];

/// Settings of a role at a server.
struct Party<'a> {
    folder: &'a Path,
    /// The public key of bundles.
    key: &'a str,
}

impl Party<'_> {
    /// `sensor`: how it calls itself; `role`: as whom it comes.
    fn settings(&self, sensor: &str, (user, role): (&str, &str), url: &str) -> PathBuf {
        let password = ROLES.iter().find(|known| known.0 == role).expect("a role").1;
        let secret = self.folder.join(format!("{role}.secret"));
        std::fs::write(&secret, password).expect("written");
        let who =
            format!("auth = \"token\"\nuser = \"{user}\"\nsecret = {{ file = {secret:?} }}\n");
        let (spool, bundle) =
            (self.folder.join(format!("spool-{sensor}-{role}")), self.folder.join("bundles"));
        let text = format!(
            "[sensor]\nname = \"{sensor}\"\nsite = \"hq\"\n\
             [fleet]\nfrom = [\"{url}\"]\n{who}\
             [bundle]\nfrom = [\"{url}\"]\nkeys = [\"{key}\"]\npath = {bundle:?}\n{who}\
             [spool]\npath = {spool:?}\ndrain_secs = 4\n\
             [[sink]]\nname = \"fleet\"\nkind = \"nats\"\nto = \"{url}\"\n\
             records = [\"facts\", \"alerts\", \"health\"]\n{who}",
            key = self.key,
        );
        let path = self.folder.join(format!("{sensor}-{role}.toml"));
        std::fs::write(&path, text).expect("written");
        path
    }
}

/// The program, however it ends: its code, what it wrote, what it said.
fn try_it(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn nats_server() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(|| root.join(".peers"), Into::into);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::iter::once(peers.join("venv/bin")).chain(std::env::split_paths(&search));
    folders.find_map(|at| Some(at.join("nats-server")).filter(|binary| binary.is_file()))
}

#[test]
fn each_role_may_do_its_own_and_nothing_else() {
    let Some(binary) = nats_server() else {
        println!("SKIPPED: nats-server is not installed (packaging/ci/deps.sh test)");
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let hub = Server::start(&binary, folder, "hub", None);
    let leaf = hub.leaf.as_deref().expect("the hub takes leaf nodes");
    let leaf = format!("nats-leaf://site-hq:site-secret@{leaf}");
    let site = Server::start(&binary, folder, "site", Some(&leaf));

    let key = folder.join("key");
    let key = key.to_str().expect("UTF-8");
    let (_, public, _) = try_it(&["bundle", "keygen", key]);
    let party = Party { folder, key: public.trim() };
    let shown = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
    let operator = shown(party.settings("op", ("operator", "operator"), &hub.url));
    let analyst = shown(party.settings("analyst", ("analyst", "analyst"), &hub.url));
    let sensor = shown(party.settings("span-1", ("span-1", "sensor"), &site.url));
    let liar = shown(party.settings("span-2", ("span-1", "sensor"), &site.url));
    let direct = shown(party.settings("span-3", ("span-1", "sensor"), &hub.url));

    // The operator makes what is needed, and pushes a bundle.
    let drain = |settings: &str, more: &[&str]| {
        let args = ["analyse", "--drain", "--quiet", "--policy", POLICY, "-c", settings];
        try_it(&[&args[..], more].concat())
    };
    let push = |settings: &str, serial: &str| {
        let args = ["bundle", "push", "--create", "--key", key, "--serial", serial];
        try_it(&[&args[..], &["--policy", POLICY, "-c", settings]].concat())
    };
    let (code, _, why) = drain(&operator, &["--create"]);
    assert_eq!(code, Some(0), "{why}");
    let (code, _, why) = push(&operator, "1");
    assert_eq!(code, Some(0), "{why}");

    // The sensor forwards, through its site's server, and sees the bundle.
    let sense = |settings: &str| {
        let args = ["replay", CAPTURE, "--sinks", "--policy", POLICY, "--alerts", "/dev/null"];
        try_it(&[&args[..], &["-c", settings]].concat())
    };
    let (code, _, why) = sense(&sensor);
    assert_eq!(code, Some(0), "{why}");
    let show = |settings: &str| try_it(&["bundle", "show", "-c", settings]);
    for settings in [&sensor, &analyst] {
        let (code, out, why) = show(settings);
        assert!(code == Some(0) && out.contains("version 1, signed"), "{out}{why}");
    }

    // The analyst reads, takes partitions, and tells the incident.
    let (code, told, why) = drain(&analyst, &[]);
    assert_eq!(code, Some(0), "{why}");
    assert!(told.lines().any(|line| field(line, "/event/action").contains("campaign")), "{why}");

    // What is not theirs. Each attempt waits for an answer that does not come: all at once.
    std::thread::scope(|scope| {
        for settings in [&liar, &direct] {
            scope.spawn(|| {
                let (_, _, why) = sense(settings);
                assert!(why.contains("Permissions Violation"), "another sensor's name: {why}");
            });
        }
        scope.spawn(|| {
            let (code, told, _) = drain(&sensor, &[]);
            assert!(code != Some(0) && told.is_empty(), "a sensor reads no facts");
        });
        for settings in [&direct, &analyst] {
            scope.spawn(|| {
                let (code, _, why) = push(settings, "2");
                assert!(code != Some(0), "only an operator pushes: {why}");
            });
        }
    });
    let (_, out, _) = show(&analyst);
    assert!(out.contains("version 1, signed"), "{out}");
}
