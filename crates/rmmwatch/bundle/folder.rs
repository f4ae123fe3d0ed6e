//! Bundles on this sensor's disk: the one that counts, and one that is tried.
//!
//! A bundle is a folder named by its version, with its signed manifest in it; the file `current`
//! names the one that counts. Each step is made beside what is there and renamed into place, so that
//! a crash leaves the old one or the new one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, PublicKey};
use crate::limits::{BUNDLE_MANIFEST_BYTES_MAX, BUNDLE_PART_BYTES_MAX};

const MANIFEST: &str = "manifest.json";
const CURRENT: &str = "current";

/// Where bundles lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Folder(PathBuf);

/// A bundle on the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Laid {
    pub(crate) version: u64,
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    /// The bundle that counts, as it was signed: every octet is checked again.
    ///
    /// # Errors
    /// When it is there and is not what was signed for `name` by one of `keys`.
    pub(crate) fn current(&self, name: &str, keys: &[PublicKey]) -> Result<Option<Laid>, String> {
        let text = match fs::read_to_string(self.0.join(CURRENT)) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(format!("{}: {why}", self.0.join(CURRENT).display())),
        };
        let version: u64 = text
            .trim()
            .parse()
            .map_err(|_| format!("{} names no version", self.0.join(CURRENT).display()))?;
        let path = self.0.join(version.to_string());
        let say = |why: String| format!("the bundle in {}: {why}", path.display());
        let envelope = bounded(&path.join(MANIFEST), BUNDLE_MANIFEST_BYTES_MAX)
            .map_err(|why| say(why.to_string()))?;
        let manifest = Manifest::verify(&envelope, keys).map_err(|why| say(why.to_string()))?;
        manifest.is_for(name, None).map_err(|why| say(why.to_string()))?;
        if manifest.version != version {
            return Err(say(format!("it is version {}", manifest.version)));
        }
        for file in &manifest.files {
            let octets = usize::try_from(file.octets).unwrap_or(usize::MAX);
            let text = bounded(&path.join(&file.path), octets)
                .map_err(|why| say(format!("{}: {why}", file.path)))?;
            if hashes(&text) != file.parts {
                return Err(say(format!("{} is not what was signed", file.path)));
            }
        }
        Ok(Some(Laid { version, path }))
    }

    /// Lay a bundle down, to be tried. `parts` gives each file's octets.
    ///
    /// # Errors
    /// The disk.
    pub(crate) fn lay(
        &self,
        manifest: &Manifest,
        envelope: &[u8],
        files: &[(String, Vec<u8>)],
    ) -> io::Result<Laid> {
        let make = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        make(&self.0)?;
        let path = self.0.join(manifest.version.to_string());
        let draft = self.0.join(format!("{}.draft", manifest.version));
        remove(&draft)?;
        make(&draft)?;
        for (name, octets) in files {
            let place = draft.join(name);
            if let Some(folder) = place.parent() {
                make(folder)?;
            }
            write(&place, octets)?;
        }
        write(&draft.join(MANIFEST), envelope)?;
        remove(&path)?;
        fs::rename(&draft, &path)?;
        sync(&self.0)?;
        Ok(Laid { version: manifest.version, path })
    }

    /// From now on that bundle counts; the others go.
    ///
    /// # Errors
    /// The disk; then the old one counts after a restart.
    pub(crate) fn keep(&self, laid: &Laid) -> io::Result<()> {
        let draft = self.0.join("current.draft");
        remove(&draft)?;
        write(&draft, format!("{}\n", laid.version).as_bytes())?;
        fs::rename(&draft, self.0.join(CURRENT))?;
        sync(&self.0)?;
        for entry in fs::read_dir(&self.0)?.flatten() {
            let name = entry.file_name();
            let other = name.to_str().is_some_and(|name| {
                let version = name.strip_suffix(".draft").unwrap_or(name);
                version.parse::<u64>().is_ok() && entry.path() != laid.path
            });
            if other {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// A bundle that was tried and refused.
    pub(crate) fn drop(&self, laid: &Laid) {
        if let Err(why) = remove(&laid.path) {
            tracing::warn!(path = %laid.path.display(), %why, "a refused bundle stays on the disk");
        }
    }
}

/// SHA-256 of each part.
pub(crate) fn hashes(octets: &[u8]) -> Vec<String> {
    octets.chunks(BUNDLE_PART_BYTES_MAX).map(hash).collect()
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hash(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn bounded(path: &Path, octets_max: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let limit = u64::try_from(octets_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut octets)?;
    if octets.len() > octets_max {
        return Err(io::Error::other("it is longer than what was signed"));
    }
    Ok(octets)
}

fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(why) => Err(why),
    };
    match removed {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::Ed25519KeyPair;

    use super::super::manifest::Listed;
    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed")
    }

    fn lay(folder: &Folder, version: u64, policy: &[u8]) -> Laid {
        let files = vec![Listed {
            path: "policy.toml".to_owned(),
            octets: policy.len() as u64,
            parts: hashes(policy),
        }];
        let manifest = Manifest::new("all", version, files);
        let envelope = manifest.sign(&pair(1)).expect("text");
        let files = [("policy.toml".to_owned(), policy.to_vec())];
        folder.lay(&manifest, &envelope, &files).expect("the disk takes it")
    }

    #[test]
    fn what_counts_outlives_a_restart_and_what_was_changed_is_told() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(&place.path().join("bundle"));
        let key = [PublicKey::of(&pair(1)).expect("a key")];
        let other = [PublicKey::of(&pair(2)).expect("a key")];
        assert_eq!(folder.current("all", &key), Ok(None));
        let first = lay(&folder, 1, b"one");
        assert_eq!(folder.current("all", &key), Ok(None), "it was only tried");
        folder.keep(&first).expect("kept");
        assert_eq!(folder.current("all", &key), Ok(Some(first.clone())));
        let tried = lay(&folder, 2, b"two");
        folder.drop(&tried);
        assert_eq!(folder.current("all", &key), Ok(Some(first.clone())));
        let third = lay(&folder, 3, b"three");
        folder.keep(&third).expect("kept");
        assert_eq!(folder.current("all", &key), Ok(Some(third.clone())));
        assert!(!first.path.exists(), "what was before goes");
        for (name, keys) in [("site", &key), ("all", &other)] {
            assert!(folder.current(name, keys).is_err(), "{name}");
        }
        for changed in [&b"thre3"[..], b"three and more", b""] {
            fs::write(third.path.join("policy.toml"), changed).expect("written");
            let why = folder.current("all", &key).expect_err("it is not what was signed");
            assert!(why.contains("policy.toml"), "{why}");
        }
    }
}
