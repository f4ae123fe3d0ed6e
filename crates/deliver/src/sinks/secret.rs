//! Passwords and tokens: read from a file, shown to nobody.

use std::fmt;
use std::path::Path;

/// A password or token. Its text is given to the protocol that needs it and to nothing else:
/// neither `Debug` nor an error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret as text, without the newline at its end.
    #[must_use]
    pub fn new(text: &str) -> Secret {
        Secret(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Read a secret from a file.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, longer than 64 KiB, or no text.
    pub fn read(path: &Path) -> std::io::Result<Secret> {
        use std::io::Read as _;
        const OCTETS_MAX: u64 = 64 << 10;
        let mut text = String::new();
        std::fs::File::open(path)?.take(OCTETS_MAX + 1).read_to_string(&mut text)?;
        let secret = Secret::new(&text);
        if secret.0.is_empty() || text.len() as u64 > OCTETS_MAX {
            return Err(std::io::Error::other("a secret has 1 to 65536 octets"));
        }
        Ok(secret)
    }

    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
