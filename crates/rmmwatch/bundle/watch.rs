//! The sensor's side: a thread that waits for bundles, and the one that is to be tried.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use deliver::sinks::NatsPlan;
use futures_util::StreamExt as _;

use super::bucket::{Bucket, key_of};
use super::folder::{Folder, Laid};
use super::manifest::{Manifest, PublicKey};
use super::table::BundleTable;

/// How long to wait before connecting is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How often the bucket is asked even if it says nothing: a watch may have died quietly.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// What is known of bundles here.
#[derive(Debug)]
struct Shared {
    /// The newest version that counts or was tried.
    known: Option<u64>,
    /// Laid down, to be tried.
    ready: Option<Laid>,
}

/// Waits for bundles.
#[derive(Clone, Debug)]
pub(crate) struct Watcher {
    shared: Arc<Mutex<Shared>>,
    folder: Folder,
}

/// What the thread works with.
struct Work {
    plan: NatsPlan,
    bucket: String,
    name: String,
    keys: Vec<PublicKey>,
    folder: Folder,
    shared: Arc<Mutex<Shared>>,
    /// The last refusal, so that it is told once.
    told: Option<String>,
}

impl Watcher {
    /// Watch the bucket that the settings name; `None` where there is none. `current`: the version
    /// that counts.
    ///
    /// # Errors
    /// When a setting is wrong or the system gives no thread.
    pub(crate) fn start(
        table: &BundleTable,
        current: Option<u64>,
    ) -> anyhow::Result<Option<Watcher>> {
        if !table.is_on() || table.from.is_empty() {
            return Ok(None);
        }
        let folder = Folder::new(&table.folder()?);
        let shared = Arc::new(Mutex::new(Shared { known: current, ready: None }));
        let mut work = Work {
            plan: table.plan(&[])?,
            bucket: table.bucket.clone(),
            name: table.name.clone(),
            keys: table.keys(),
            folder: folder.clone(),
            shared: Arc::clone(&shared),
            told: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("bundle".into())
            .spawn(move || runtime.block_on(async move { work.watch().await }))?;
        Ok(Some(Watcher { shared, folder }))
    }

    /// A bundle that is to be tried.
    pub(crate) fn take(&self) -> Option<Laid> {
        self.shared.lock().ok().and_then(|mut shared| shared.ready.take())
    }

    /// It was tried, and counts from now on or is gone.
    pub(crate) fn tried(&self, laid: &Laid, sound: bool) {
        if !sound {
            tracing::error!(version = laid.version, "the bundle is refused; the old one stands");
            self.folder.drop(laid);
            return;
        }
        match self.folder.keep(laid) {
            Ok(()) => tracing::info!(version = laid.version, "the bundle counts from now on"),
            Err(why) => {
                tracing::error!(version = laid.version, %why, "the bundle counts until a restart");
            }
        }
    }
}

impl Work {
    async fn watch(&mut self) {
        loop {
            if let Err(why) = self.follow().await {
                self.tell(&why);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Connect, and take what comes until the connection ends.
    async fn follow(&mut self) -> Result<(), String> {
        let bucket = Bucket::open(&self.plan, &self.bucket, false).await?;
        let key = key_of(&self.name);
        let mut news = bucket.store.watch(&key).await.map_err(|why| why.to_string())?;
        loop {
            if let Some(envelope) = bucket.manifest(&self.name).await? {
                self.consider(&bucket, &envelope).await;
            }
            match tokio::time::timeout(ASK_EVERY, news.next()).await {
                Err(_) | Ok(Some(Ok(_))) => {}
                Ok(Some(Err(why))) => return Err(why.to_string()),
                Ok(None) => return Err("the watch ended".to_owned()),
            }
        }
    }

    async fn consider(&mut self, bucket: &Bucket, envelope: &[u8]) {
        let known = self.shared.lock().ok().and_then(|shared| shared.known);
        let manifest = Manifest::verify(envelope, &self.keys);
        let manifest = match manifest.and_then(|one| one.is_for(&self.name, None).map(|()| one)) {
            Ok(manifest) => manifest,
            Err(why) => return self.tell(&format!("a bundle is refused: {why}")),
        };
        if known == Some(manifest.version) {
            return;
        }
        if let Err(why) = manifest.is_for(&self.name, known) {
            return self.tell(&format!("a bundle is refused: {why}"));
        }
        let version = manifest.version;
        let laid = match bucket.files(&manifest).await {
            Ok(files) => {
                self.folder.lay(&manifest, envelope, &files).map_err(|why| why.to_string())
            }
            Err(why) => Err(why),
        };
        match laid {
            Ok(laid) => {
                tracing::info!(version, "a bundle came, and is tried");
                self.told = None;
                if let Ok(mut shared) = self.shared.lock() {
                    shared.known = Some(version);
                    shared.ready = Some(laid);
                }
            }
            Err(why) => self.tell(&format!("bundle {version} cannot be fetched: {why}")),
        }
    }

    fn tell(&mut self, why: &str) {
        if self.told.as_deref() != Some(why) {
            tracing::error!("{why}; the old one stands");
            self.told = Some(why.to_owned());
        }
    }
}
