//! Which files a replay reads: those named, and all in the folders named.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::CaptureError;
use crate::source::Origin;

/// What to replay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file, or a folder with everything below it. Links to files are followed; in a folder,
    /// links to folders are not.
    Path(PathBuf),
}

/// A file that may be a capture.
pub(crate) struct Candidate {
    pub(crate) origin: Origin,
    /// Whether the user named it, and not just its folder.
    pub(crate) named: bool,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// Sorted by path.
    pub(crate) candidates: Vec<Candidate>,
    /// What a folder holds that is neither file nor folder. Sorted by path.
    pub(crate) passed_over: Vec<(PathBuf, String)>,
}

/// Find every file of the inputs.
pub(crate) fn find(inputs: &[Input]) -> Result<Found, CaptureError> {
    let mut found = Found::default();
    for input in inputs {
        match input {
            Input::Stdin => {
                found.candidates.push(Candidate { origin: Origin::Stdin, named: true });
            }
            Input::Path(path) => {
                if fs::metadata(path).map_err(|error| refusal(path, &error))?.is_dir() {
                    find_below(path, &mut found)?;
                } else {
                    let origin = Origin::Path(path.clone());
                    found.candidates.push(Candidate { origin, named: true });
                }
            }
        }
    }
    found.candidates.sort_by(|a, b| a.origin.path().cmp(b.origin.path()));
    found.passed_over.sort();
    Ok(found)
}

/// Find every file below a folder.
fn find_below(folder: &Path, found: &mut Found) -> Result<(), CaptureError> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| refusal(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| refusal(&folder, &error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| refusal(&path, &error))?;
            let link_leads_to = kind.is_symlink().then(|| fs::metadata(&path).ok()).flatten();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() || link_leads_to.as_ref().is_some_and(fs::Metadata::is_file) {
                found.candidates.push(Candidate { origin: Origin::Path(path), named: false });
            } else {
                let why = match (kind.is_symlink(), link_leads_to) {
                    (true, None) => "is a link that leads nowhere",
                    (true, Some(about)) if about.is_dir() => {
                        "is a link to a folder, which is not followed"
                    }
                    _ => "is no regular file",
                };
                found.passed_over.push((path, why.to_owned()));
            }
        }
    }
    Ok(())
}

/// The system's error about a path.
pub(crate) fn refusal(path: &Path, error: &io::Error) -> CaptureError {
    if error.kind() == io::ErrorKind::NotFound {
        return CaptureError::Missing(path.to_owned());
    }
    CaptureError::Unreadable { path: path.to_owned(), why: error.to_string() }
}
