//! Signed policy and feeds for a fleet: made and pushed by an operator, fetched and tried by sensors.

mod bucket;
mod folder;
mod manifest;
mod table;
mod watch;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

use self::bucket::Bucket;
use self::folder::hashes;
pub(crate) use self::folder::{Folder, Laid};
use self::manifest::{Listed, Manifest, PublicKey, is_path};
pub(crate) use self::table::BundleTable;
pub(crate) use self::watch::Watcher;
use crate::cli::{BundleArgs, BundleCommand, BundleKeygenArgs, BundlePushArgs, BundleShowArgs};
use crate::config::Settings;
use crate::exit::{Exit, fail, printable, tell};
use crate::knowledge::Knowledge;

/// Run the command.
pub(crate) fn run(args: &BundleArgs) -> Exit {
    let done = match &args.command {
        BundleCommand::Keygen(args) => keygen(args),
        BundleCommand::Push(args) => push(args),
        BundleCommand::Show(args) => show(args),
    };
    done.unwrap_or_else(|why| fail(Exit::Failed, &format_args!("{why:#}")))
}

/// Make a key: the private one into a file of its owner, the public one to standard output.
fn keygen(args: &BundleKeygenArgs) -> anyhow::Result<Exit> {
    let octets = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    let octets = octets.map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let text = BASE64.encode(octets.as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    let shown = args.path.display();
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.path)
        .with_context(|| format!("{shown} cannot be made"))?;
    file.write_all(pem.as_bytes()).with_context(|| format!("{shown} cannot be written"))?;
    let public = PublicKey::of(&read_key(&args.path)?).context("the key is no key")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", public.text()).context("standard output")?;
    Ok(Exit::Done)
}

/// Read a private key: PKCS#8 as PEM, as `keygen` and `openssl genpkey -algorithm ed25519` write it.
fn read_key(path: &Path) -> anyhow::Result<Ed25519KeyPair> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let body: String = text
        .lines()
        .skip_while(|line| line.trim() != "-----BEGIN PRIVATE KEY-----")
        .skip(1)
        .take_while(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let octets = BASE64.decode(body).ok().filter(|octets| !octets.is_empty());
    let octets = octets.with_context(|| format!("{shown} holds no private key (PKCS#8, PEM)"))?;
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&octets)
        .map_err(|why| anyhow::anyhow!("{shown} holds no Ed25519 key: {why}"))
}

/// Sign files and lay them into the bucket.
fn push(args: &BundlePushArgs) -> anyhow::Result<Exit> {
    let settings = settings(args.config.as_deref())?;
    let table = &settings.config.bundle;
    let pair = read_key(&args.key)?;
    let files = gather(args)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let version = args.serial.unwrap_or(now.as_secs());
    let name = args.name.as_ref().unwrap_or(&table.name);
    anyhow::ensure!(wire::is_token(name), "`{name}` is no bundle's name");
    let listed = files.iter().map(|(path, octets)| Listed {
        path: path.clone(),
        octets: octets.len() as u64,
        parts: hashes(octets),
    });
    let manifest = Manifest::new(name, version, listed.collect());
    let envelope = manifest.sign(&pair)?;
    let public = PublicKey::of(&pair).context("the key is no key")?;
    Manifest::verify(&envelope, std::slice::from_ref(&public))?;
    try_out(args, &manifest, &envelope, &files)?;
    let plan = table.plan(&args.to)?;
    let bucket = args.bucket.as_ref().unwrap_or(&table.bucket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let pushed = runtime.block_on(async {
        let bucket = Bucket::open(&plan, bucket, args.create).await?;
        let mut others = Vec::new();
        for key in bucket.keys().await? {
            let other = key.strip_prefix("bundle.").filter(|other| *other != name);
            if let Some(other) = other
                && let Some(octets) = bucket.manifest(other).await?
            {
                others.push(Manifest::verify(&octets, std::slice::from_ref(&public)));
            }
        }
        let before = bucket.manifest(name).await?;
        let before =
            before.and_then(|octets| Manifest::verify(&octets, std::slice::from_ref(&public)).ok());
        if let Some(before) = &before {
            manifest.is_for(name, Some(before.version)).map_err(|why| why.to_string())?;
        }
        bucket.push(name, envelope, &files).await?;
        // What another key signed may need parts that we cannot know of; and who fetches the bundle
        // before this one now shall find its parts.
        let known: Result<Vec<Manifest>, _> = others.into_iter().collect();
        match known {
            Ok(mut known) => {
                known.push(manifest.clone());
                known.extend(before);
                bucket.sweep(&known).await
            }
            Err(_) => Ok(0),
        }
    });
    pushed.map_err(anyhow::Error::msg)?;
    tell(format_args!("rmmwatch: pushed {name} version {version}: {} files", files.len()));
    Ok(Exit::Done)
}

/// Refuse to push what a sensor would refuse to take.
fn try_out(
    args: &BundlePushArgs,
    manifest: &Manifest,
    envelope: &[u8],
    files: &[(String, Vec<u8>)],
) -> anyhow::Result<()> {
    let place = std::env::temp_dir().join(format!("rmmwatch-bundle-{}", std::process::id()));
    // Of our own making: what lies in a folder for all could be anybody's.
    let mut own = std::fs::DirBuilder::new();
    let made = std::os::unix::fs::DirBuilderExt::mode(&mut own, 0o700).create(&place);
    made.with_context(|| format!("{} cannot be made", place.display()))?;
    let laid = Folder::new(&place).lay(manifest, envelope, files);
    let laid = laid.with_context(|| format!("{} cannot be used", place.display()))?;
    let known = Knowledge::load_bundle(args.config.as_deref(), &laid.path);
    let _ = std::fs::remove_dir_all(&place);
    anyhow::ensure!(known.is_ok(), "nothing was pushed: a sensor would refuse it");
    Ok(())
}

/// The files that the arguments name, each under its path in the bundle.
fn gather(args: &BundlePushArgs) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut all: Vec<(String, PathBuf)> = Vec::new();
    if let Some(path) = &args.policy {
        all.push(("policy.toml".to_owned(), path.clone()));
    }
    for (what, folder) in [("catalogue", &args.catalogue), ("brands", &args.brands)] {
        let Some(folder) = folder else { continue };
        let shown = folder.display();
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("{shown} cannot be read"))?;
        for entry in entries {
            let path = entry.with_context(|| format!("{shown} cannot be read"))?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                all.push((format!("{what}/{}", file_name(&path)), path));
            }
        }
    }
    for path in &args.feeds {
        all.push((format!("feeds/{}", file_name(path)), path.clone()));
    }
    anyhow::ensure!(!all.is_empty(), "nothing to push: name a policy, a feed or a catalogue");
    all.sort();
    let mut files = Vec::new();
    for (name, path) in all {
        let shown = path.display();
        anyhow::ensure!(is_path(&name), "{shown} cannot be called {name} in a bundle; rename it");
        let octets = std::fs::read(&path).with_context(|| format!("{shown} cannot be read"))?;
        files.push((name, octets));
    }
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Tell what lies in the bucket, and whether this sensor would take it.
fn show(args: &BundleShowArgs) -> anyhow::Result<Exit> {
    let settings = settings(args.config.as_deref())?;
    let table = &settings.config.bundle;
    let plan = table.plan(&args.from)?;
    let bucket = args.bucket.as_ref().unwrap_or(&table.bucket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(async {
        let bucket = Bucket::open(&plan, bucket, false).await?;
        let mut found = Vec::new();
        for key in bucket.keys().await? {
            if let Some(name) = key.strip_prefix("bundle.")
                && let Some(octets) = bucket.manifest(name).await?
            {
                found.push((name.to_owned(), octets));
            }
        }
        Ok::<_, String>(found)
    });
    let mut out = std::io::stdout().lock();
    for (name, octets) in found.map_err(anyhow::Error::msg)? {
        let name = printable(&name).into_owned();
        let told = match Manifest::verify(&octets, &table.keys()) {
            Ok(manifest) => {
                let size: u64 = manifest.files.iter().map(|file| file.octets).sum();
                let mut told =
                    format!("{name}  version {}, signed, {size} octets", manifest.version);
                for file in &manifest.files {
                    told.push_str(&format!("\n  {}  {} octets", file.path, file.octets));
                }
                told
            }
            Err(why) => format!("{name}  refused: {}", printable(&why.to_string())),
        };
        writeln!(out, "{told}").context("standard output")?;
    }
    Ok(Exit::Done)
}

fn settings(path: Option<&Path>) -> anyhow::Result<Settings> {
    Settings::load(path).map_err(|error| match error {
        crate::config::ConfigError::Unreadable(why) => why,
        crate::config::ConfigError::Wrong(all) => {
            anyhow::anyhow!(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    })
}
