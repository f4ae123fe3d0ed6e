//! What the sensor knows and allows: built in from `config/`, overridden by the user's files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use detect::Policy;
use include_dir::{Dir, include_dir};
use intel::{Book, BookBuilder, FeedOptions};
use model::Complaint;

use crate::bundle::{Folder, Laid};
use crate::cli::KnowledgeArgs;
use crate::config::{self, ConfigError, Settings};
use crate::exit::{Exit, fail, tell};
use crate::feeds;

/// `config/` as it was when the program was built.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config");

/// All that was read before the first packet.
pub(crate) struct Knowledge {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<Book>,
    pub(crate) policy: Policy,
    /// What is wrong in catalogue and feeds; their other lines stand.
    pub(crate) book_complaints: Vec<Complaint>,
    /// What is wrong in the policy. A policy that is half understood would allow or deny what
    /// nobody meant, so it is an error.
    pub(crate) policy_complaints: Vec<Complaint>,
    /// The bundle in it.
    pub(crate) bundle: Option<Laid>,
}

impl Knowledge {
    /// Read everything. On an error, say why and answer how the program ends.
    pub(crate) fn load(args: &KnowledgeArgs) -> Result<Knowledge, Exit> {
        Knowledge::load_by(Knowledge::settings(args)?, args)
    }

    /// The settings alone, which are read in no time; feeds may take seconds.
    pub(crate) fn settings(args: &KnowledgeArgs) -> Result<Settings, Exit> {
        Knowledge::told(Settings::load(args.config.as_deref()))
    }

    /// All else, as the settings say.
    fn load_by(settings: Settings, args: &KnowledgeArgs) -> Result<Knowledge, Exit> {
        let bundle = current_bundle(&settings);
        Knowledge::told(bundle.and_then(|bundle| Knowledge::assemble(settings, args, bundle)))
    }

    /// As [`Self::load_sound`], with that bundle in place of the one that counts.
    pub(crate) fn load_with(
        args: &KnowledgeArgs,
        bundle: Laid,
        quiet: bool,
    ) -> Result<Knowledge, Exit> {
        let settings = Settings::load(args.config.as_deref());
        Knowledge::told(
            settings.and_then(|settings| Knowledge::assemble(settings, args, Some(bundle))),
        )?
        .sound(quiet)
    }

    /// What a sensor would make of a bundle in that folder.
    pub(crate) fn load_bundle(config: Option<&Path>, folder: &Path) -> Result<Knowledge, Exit> {
        let args = KnowledgeArgs { config: config.map(Path::to_owned), ..KnowledgeArgs::default() };
        let bundle = Laid { version: 0, path: folder.to_owned() };
        Knowledge::load_with(&args, bundle, false)
    }

    fn told<T>(read: Result<T, ConfigError>) -> Result<T, Exit> {
        read.map_err(|error| match error {
            ConfigError::Unreadable(why) => fail(Exit::Failed, &format_args!("{why:#}")),
            ConfigError::Wrong(complaints) => {
                complaints.iter().for_each(|one| tell(format_args!("rmmwatch: {one}")));
                Exit::Usage
            }
        })
    }

    /// As [`Self::load`], and end on a policy that is wrong; complaints about catalogue and feeds
    /// are told unless `quiet`.
    pub(crate) fn load_sound(args: &KnowledgeArgs, quiet: bool) -> Result<Knowledge, Exit> {
        Knowledge::load(args)?.sound(quiet)
    }

    /// The same by settings that were read before.
    pub(crate) fn load_sound_by(
        settings: Settings,
        args: &KnowledgeArgs,
        quiet: bool,
    ) -> Result<Knowledge, Exit> {
        Knowledge::load_by(settings, args)?.sound(quiet)
    }

    fn sound(self, quiet: bool) -> Result<Knowledge, Exit> {
        let knowledge = self;
        for complaint in &knowledge.policy_complaints {
            tell(format_args!("rmmwatch: {complaint}"));
        }
        if !knowledge.policy_complaints.is_empty() {
            return Err(Exit::Usage);
        }
        if !quiet {
            for complaint in knowledge.book_complaints.iter().take(20) {
                tell(format_args!("rmmwatch: {complaint}"));
            }
            let rest = knowledge.book_complaints.len().saturating_sub(20);
            if rest > 0 {
                tell(format_args!("rmmwatch: and {rest} more; `rmmwatch check` lists them all"));
            }
        }
        Ok(knowledge)
    }

    fn assemble(
        settings: Settings,
        args: &KnowledgeArgs,
        bundle: Option<Laid>,
    ) -> Result<Knowledge, ConfigError> {
        let set = &settings.config.knowledge;
        let folder = bundle.as_ref().map(|bundle| bundle.path.as_path());
        let (book, book_complaints) = book(&settings, args, folder)?;
        let mut policy = Policy::deny_by_default();
        let mut policy_complaints = Vec::new();
        // A policy on the command line stands in place of the bundle's, and that in place of the
        // settings' one, in both its places.
        let sent = folder.map(|folder| folder.join("policy.toml")).filter(|path| path.exists());
        let other = args.policy.as_ref().or(sent.as_ref());
        if let (None, Some((name, text))) = (other, &settings.text) {
            policy_complaints.extend(policy.add_from_settings(name, text));
        }
        if let Some(path) = other.or(set.policy.as_ref()) {
            let text = config::read_text(path)?;
            policy_complaints.extend(policy.add(&path.display().to_string(), &text));
        }
        let known: Vec<&str> = book.tools().iter().map(|tool| tool.id.as_str()).collect();
        policy_complaints.extend(policy.check_tools(&known));
        Ok(Knowledge { settings, book, policy, book_complaints, policy_complaints, bundle })
    }
}

/// All that is known, and what is wrong in it.
fn book(
    settings: &Settings,
    args: &KnowledgeArgs,
    bundle: Option<&Path>,
) -> Result<(Arc<Book>, Vec<Complaint>), ConfigError> {
    let set = &settings.config.knowledge;
    let mut builder = BookBuilder::new();
    let rules = |name: &str| {
        let text = BUILT_IN.get_file(name).and_then(include_dir::File::contents_utf8);
        text.with_context(|| format!("{name} is not built in")).map_err(ConfigError::Unreadable)
    };
    builder.gate("built-in:gate.toml", rules("gate.toml")?);
    builder.labels("built-in:labels.toml", rules("labels.toml")?);
    builder.resolvers("built-in:resolvers.toml", rules("resolvers.toml")?);
    let below =
        |what: &str| bundle.map(|bundle| bundle.join(what)).filter(|folder| folder.is_dir());
    // The command line before the bundle before the settings before what is built in.
    let sent = below("catalogue");
    let set_catalogue = set.catalogue.as_ref().filter(|_| args.catalogue.is_none());
    let folders = [set_catalogue, sent.as_ref(), args.catalogue.as_ref()];
    for (name, text) in overridden("catalogue", &folders)? {
        builder.catalogue(&name, &text);
    }
    builder.vocabulary("built-in:lookalikes.toml", rules("lookalikes.toml")?);
    builder.words(rules("words/english.txt")?);
    let sent = below("brands");
    for (name, text) in overridden("brands", &[set.brands.as_ref(), sent.as_ref()])? {
        builder.brands(&name, &text);
    }
    if let (true, Some((name, text))) = (settings.config.has_brands(), &settings.text) {
        builder.brands(name, text);
    }
    for (name, text) in built_in("feeds") {
        builder.feed(&name, text);
    }
    for feed in &settings.config.feed {
        feeds::read(&mut builder, &feed.file, &feed.options())?;
    }
    let sent = sent_feeds(below("feeds"))?;
    for path in set.feeds.iter().chain(&sent).chain(&args.feeds) {
        feeds::read(&mut builder, path, &FeedOptions::default())?;
    }
    let (book, complaints) = builder.build();
    Ok((Arc::new(book), complaints))
}

/// The bundle that counts on this sensor, where there are bundles.
fn current_bundle(settings: &Settings) -> Result<Option<Laid>, ConfigError> {
    let table = &settings.config.bundle;
    if !table.is_on() {
        return Ok(None);
    }
    let folder = table.folder().map_err(ConfigError::Unreadable)?;
    let current = Folder::new(&folder).current(&table.name, &table.keys());
    current.map_err(|why| ConfigError::Unreadable(anyhow::anyhow!("{why}")))
}

/// The feeds of a bundle, sorted by name.
fn sent_feeds(folder: Option<PathBuf>) -> Result<Vec<PathBuf>, ConfigError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let shown = folder.display();
    let entries = std::fs::read_dir(&folder).with_context(|| format!("{shown} cannot be read"));
    let entries = entries.map_err(ConfigError::Unreadable)?;
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    Ok(all)
}

/// The files of a built-in folder, with those of `folders` in place of those of the same name, or
/// added; the last folder counts.
fn overridden(
    what: &str,
    folders: &[Option<&PathBuf>],
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut files: std::collections::BTreeMap<String, (String, String)> =
        built_in(what).map(|(name, text)| (stem(&name), (name, text.to_owned()))).collect();
    for folder in folders.iter().flatten() {
        let shown = folder.display();
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("{what}: {shown} cannot be read"))
            .map_err(ConfigError::Unreadable)?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{shown} cannot be read"));
            let path = entry.map_err(ConfigError::Unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.display().to_string();
                files.insert(stem(&name), (name, config::read_text(&path)?));
            }
        }
    }
    Ok(files.into_values().collect())
}

fn stem(name: &str) -> String {
    Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The TOML files of a built-in folder, sorted by name.
fn built_in(folder: &str) -> impl Iterator<Item = (String, &'static str)> {
    let mut files: Vec<_> = BUILT_IN
        .get_dir(folder)
        .into_iter()
        .flat_map(Dir::files)
        .filter(|file| file.path().extension().is_some_and(|ending| ending == "toml"))
        .filter_map(|file| {
            Some((format!("built-in:{}", file.path().display()), file.contents_utf8()?))
        })
        .collect();
    files.sort();
    files.into_iter()
}
