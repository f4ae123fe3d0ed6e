//! `[bundle]`: policy and feeds from a bucket of NATS.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use deliver::sinks::NatsPlan;
use serde::Deserialize;

use super::manifest::PublicKey;
use crate::sinks::{NatsWord, Reach, SecretTable, Tls, nats_plan};

/// Where bundles are kept when no folder is named, if its parent exists.
const USUAL: &str = "/var/lib/rmmwatch/bundle";

/// `[bundle]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BundleTable {
    /// Servers; none: there are no bundles.
    pub(crate) from: Vec<String>,
    pub(crate) bucket: String,
    pub(crate) name: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) tls: Tls,
    pub(crate) auth: NatsWord,
    pub(crate) user: Option<String>,
    pub(crate) secret: Option<SecretTable>,
    /// The secret may go to another host in clear.
    pub(crate) cleartext: bool,
}

/// A public key in base64.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Key(pub(crate) PublicKey);

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Key, String> {
        PublicKey::parse(&text).map(Key).ok_or_else(|| {
            format!("`{text}` is no public key; `rmmwatch bundle keygen` prints one")
        })
    }
}

impl Default for BundleTable {
    fn default() -> BundleTable {
        BundleTable {
            from: Vec::new(),
            bucket: "rmm-policy".to_owned(),
            name: "all".to_owned(),
            keys: Vec::new(),
            path: None,
            tls: Tls::default(),
            auth: NatsWord::default(),
            user: None,
            secret: None,
            cleartext: false,
        }
    }
}

impl BundleTable {
    /// Whether bundles are asked for.
    pub(crate) fn is_on(&self) -> bool {
        !self.keys.is_empty()
    }

    pub(crate) fn keys(&self) -> Vec<PublicKey> {
        self.keys.iter().map(|key| key.0.clone()).collect()
    }

    /// Relative paths in a settings file are relative to that file.
    pub(crate) fn relative_to(&mut self, folder: &Path) {
        let Tls { ca, cert, key, .. } = &mut self.tls;
        let mut paths: Vec<&mut PathBuf> = [ca, cert, key].into_iter().flatten().collect();
        paths.extend(&mut self.path);
        if let Some(SecretTable::File(path)) = &mut self.secret {
            paths.push(path);
        }
        for path in paths {
            *path = folder.join(&*path);
        }
    }

    /// Where bundles are kept.
    ///
    /// # Errors
    /// When no folder is named and the usual one cannot be.
    pub(crate) fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.path {
            return Ok(path.clone());
        }
        let parent = Path::new(USUAL).parent().unwrap_or(Path::new("/"));
        anyhow::ensure!(
            parent.is_dir(),
            "bundles need a folder: write [bundle] path = \"…\", or make {}",
            parent.display()
        );
        Ok(PathBuf::from(USUAL))
    }

    /// How to reach the bucket. `from`: servers of the command line, which go before.
    ///
    /// # Errors
    /// When no server is named, one cannot be read, or the secret cannot.
    pub(crate) fn plan(&self, from: &[String]) -> anyhow::Result<NatsPlan> {
        let from = if from.is_empty() { &self.from } else { from };
        let plan = nats_plan(&Reach {
            table: "bundle",
            from,
            tls: &self.tls,
            auth: self.auth,
            user: self.user.as_deref(),
            secret: self.secret.as_ref(),
            cleartext: self.cleartext,
        });
        plan.context("[bundle]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_no_other_host_in_clear_unasked() {
        let folder = tempfile::tempdir().expect("a folder");
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "word").expect("written");
        let table = [
            ("nats://nats.example", false, false),
            ("nats://nats.example", true, true),
            ("tls://nats.example", false, true),
            ("nats://127.0.0.1", false, true),
        ];
        for (from, cleartext, fits) in table {
            let secret = Some(SecretTable::File(secret.clone()));
            let table = BundleTable { cleartext, secret, ..BundleTable::default() };
            assert_eq!(table.plan(&[from.to_owned()]).is_ok(), fits, "{from} {cleartext}");
        }
    }
}
