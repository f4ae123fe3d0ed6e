//! Bundles in a key-value bucket of NATS JetStream: the signed manifest under `bundle.<name>`, each
//! part under `part.<SHA-256>`.

use async_nats::jetstream::kv::{Config, Store};
use deliver::sinks::{NatsPlan, nats_client};
use futures_util::StreamExt as _;

use super::folder::{hash, hashes};
use super::manifest::{Listed, Manifest};
use crate::limits::BUNDLE_PART_BYTES_MAX;

/// A bucket at hand.
pub(super) struct Bucket {
    pub(super) store: Store,
}

impl Bucket {
    /// Connect and find the bucket, or make it.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn open(plan: &NatsPlan, name: &str, create: bool) -> Result<Bucket, String> {
        let client = nats_client(plan).await.map_err(|setback| setback.why)?;
        let context = async_nats::jetstream::new(client);
        let store = match context.get_key_value(name).await {
            Ok(store) => store,
            Err(_) if create => {
                let config = Config {
                    bucket: name.to_owned(),
                    description: "rmmwatch: signed policy and feeds".to_owned(),
                    history: 1,
                    ..Config::default()
                };
                let made = context.create_key_value(config).await;
                made.map_err(|why| format!("the bucket {name} cannot be made: {why}"))?
            }
            Err(why) => {
                return Err(format!(
                    "the bucket {name}: {why}; `rmmwatch bundle push --create` makes it"
                ));
            }
        };
        Ok(Bucket { store })
    }

    /// The signed manifest of that name.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn manifest(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let found = self.store.get(key_of(name)).await.map_err(|why| why.to_string())?;
        Ok(found.map(Vec::from))
    }

    /// Every octet of every file of a manifest, each checked by its hash.
    ///
    /// # Errors
    /// When a part is missing or another.
    pub(super) async fn files(
        &self,
        manifest: &Manifest,
    ) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut files = Vec::new();
        for Listed { path, octets, parts } in &manifest.files {
            let mut text = Vec::new();
            for part in parts {
                let found = self.store.get(format!("part.{part}")).await;
                let found = found.map_err(|why| format!("a part of {path}: {why}"))?;
                let found =
                    found.ok_or_else(|| format!("a part of {path} is not in the bucket"))?;
                if found.len() > BUNDLE_PART_BYTES_MAX || hash(&found) != *part {
                    return Err(format!("a part of {path} is not what was signed"));
                }
                text.extend_from_slice(&found);
            }
            if text.len() as u64 != *octets {
                return Err(format!("{path} has {} octets, and {octets} were signed", text.len()));
            }
            files.push((path.clone(), text));
        }
        Ok(files)
    }

    /// Lay the parts of files down, then the manifest: whoever sees it finds them.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn push(
        &self,
        name: &str,
        envelope: Vec<u8>,
        files: &[(String, Vec<u8>)],
    ) -> Result<(), String> {
        for (path, octets) in files {
            for (part, hash) in octets.chunks(BUNDLE_PART_BYTES_MAX).zip(hashes(octets)) {
                let key = format!("part.{hash}");
                let known = self.store.get(key.clone()).await.ok().flatten();
                if known.is_none_or(|known| known != part) {
                    let put = self.store.put(key, part.to_vec().into()).await;
                    put.map_err(|why| format!("a part of {path}: {why}"))?;
                }
            }
        }
        let put = self.store.put(key_of(name), envelope.into()).await;
        put.map(|_| ()).map_err(|why| format!("the manifest: {why}"))
    }

    /// Remove parts that no manifest of `signed` names; how many.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn sweep(&self, signed: &[Manifest]) -> Result<usize, String> {
        let named: std::collections::BTreeSet<&str> = signed
            .iter()
            .flat_map(|one| &one.files)
            .flat_map(|file| &file.parts)
            .map(String::as_str)
            .collect();
        let mut swept = 0;
        for key in self.keys().await? {
            let part = key.strip_prefix("part.");
            if part.is_some_and(|part| !named.contains(part)) {
                self.store.purge(&key).await.map_err(|why| why.to_string())?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Every key.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn keys(&self) -> Result<Vec<String>, String> {
        let mut keys = self.store.keys().await.map_err(|why| why.to_string())?;
        let mut all = Vec::new();
        while let Some(key) = keys.next().await {
            all.push(key.map_err(|why| why.to_string())?);
        }
        all.sort();
        Ok(all)
    }
}

/// The key of a manifest.
pub(super) fn key_of(name: &str) -> String {
    format!("bundle.{name}")
}
