//! A reader that follows files the way log shippers do: it looks into the folder now and then,
//! knows files by inode, and remembers how far it read each.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A reader at work.
pub(super) struct Follower {
    end: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

impl Follower {
    /// Follow every file of `folder` whose name begins with `stem`.
    pub(super) fn start(folder: PathBuf, stem: &'static str) -> Follower {
        let end = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&end);
        let thread = thread::spawn(move || {
            let mut files = BTreeMap::new();
            let mut lines = Vec::new();
            loop {
                // Once more after the end was asked for.
                let last = asked.load(Ordering::SeqCst);
                look(&folder, stem, &mut files, &mut lines);
                if last {
                    return lines;
                }
                thread::sleep(Duration::from_millis(3));
            }
        });
        Follower { end, thread }
    }

    /// Read what is there still; all lines, in the order they were read.
    pub(super) fn finish(self) -> Vec<String> {
        self.end.store(true, Ordering::SeqCst);
        self.thread.join().expect("the reader")
    }
}

/// A file that is followed: open, so that its removal takes nothing from us.
struct Followed {
    file: File,
    read: u64,
    part: Vec<u8>,
}

fn look(folder: &Path, stem: &str, files: &mut BTreeMap<u64, Followed>, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(stem) || name.ends_with(".gz") {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else { continue };
        let inode = file.metadata().expect("metadata").ino();
        files.entry(inode).or_insert(Followed { file, read: 0, part: Vec::new() });
    }
    for followed in files.values_mut() {
        let mut octets = vec![0; 1 << 16];
        loop {
            let len = followed.file.read_at(&mut octets, followed.read).expect("read");
            if len == 0 {
                break;
            }
            followed.read += len as u64;
            for octet in &octets[..len] {
                match octet {
                    b'\n' => {
                        let line = String::from_utf8(std::mem::take(&mut followed.part));
                        lines.push(line.expect("text"));
                    }
                    other => followed.part.push(*other),
                }
            }
        }
    }
}
