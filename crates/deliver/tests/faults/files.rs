//! Files: no folder, a folder that goes away, a full disk, something else in the file's place.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use deliver::sinks::{FilePlan, Kind};

use crate::cell::{FarEnd, Fault, Scale, State, suffer};
use crate::shelf::Shelf;

/// A folder that a file is written to.
struct Disk {
    scale: Scale,
    root: tempfile::TempDir,
    /// A file system of its own, which can be full.
    mounted: bool,
    state: State,
    /// So many times the file or its folder was moved away.
    moved: usize,
}

impl Disk {
    fn new(scale: Scale, fault: Fault) -> Option<Disk> {
        let root = tempfile::tempdir().expect("a folder");
        let mut disk = Disk { scale, root, mounted: false, state: State::Well, moved: 0 };
        if fault == Fault::Refusing {
            disk.mounted = disk.mount("size=1g");
            if !disk.mounted {
                println!("SKIPPED: no file system can be mounted here");
                return None;
            }
        }
        Some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.root.path());
        mount.output().is_ok_and(|output| output.status.success())
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("now")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("alerts.jsonl")
    }

    fn away(&mut self) -> PathBuf {
        self.moved += 1;
        self.root.path().join(format!("away-{}", self.moved))
    }
}

impl FarEnd for Disk {
    fn kind(&self) -> Kind {
        Kind::File(FilePlan {
            path: self.file(),
            rotate_bytes: Some(256 << 10),
            rotate_every: None,
            keep: None,
            header: Arc::new(|_, _| None),
        })
    }

    fn words(&self, fault: Fault) -> &'static str {
        match fault {
            Fault::DownAtStart => "no folder at the start",
            Fault::DownMidway => "its folder moved away under load, and made anew",
            Fault::Refusing => "full disk",
            Fault::Garbage => "a folder in the file's place",
            Fault::Slow | Fault::Stranger => fault.words(),
        }
    }

    fn turn(&mut self, state: State) {
        match (std::mem::replace(&mut self.state, state), state) {
            (_, State::Down) => {
                let away = self.away();
                if self.folder().exists() {
                    fs::rename(self.folder(), away).expect("moved away");
                }
            }
            (State::Garbage, State::Well) => fs::remove_dir(self.file()).expect("removed"),
            (State::Refusing, State::Well) => assert!(self.mount("remount,size=1g")),
            (_, State::Well) => fs::create_dir_all(self.folder()).expect("made"),
            (_, State::Garbage) => {
                let away = self.away();
                fs::create_dir(&away).expect("made");
                let file = self.file();
                fs::rename(&file, away.join("alerts.jsonl")).expect("moved away");
                fs::create_dir(file).expect("made");
            }
            (_, State::Refusing) => {
                // Some pages more than there are: no whole line less.
                let du = Command::new("du").args(["-sk"]).arg(self.root.path()).output();
                let du = String::from_utf8(du.expect("du runs").stdout).expect("text");
                let used: u64 = du.split_whitespace().next().expect("a size").parse().expect("KiB");
                assert!(self.mount(&format!("remount,size={}k", used + 9)));
            }
            (_, State::Slow | State::Stranger) => unreachable!("of no meaning to a file"),
        }
    }

    fn arrived(&mut self) -> Shelf {
        let mut shelf = Shelf::new(self.scale.records);
        let folders = fs::read_dir(self.root.path()).expect("folders").flatten();
        for folder in folders.filter(|entry| entry.path().is_dir()) {
            for file in fs::read_dir(folder.path()).expect("files").flatten() {
                let octets = fs::read(file.path()).expect("lines");
                for line in octets.split_inclusive(|octet| *octet == b'\n') {
                    shelf.take(line.strip_suffix(b"\n").unwrap_or(b"torn"));
                }
            }
        }
        shelf
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            Command::new("umount").arg(self.root.path()).status().ok();
        }
    }
}

#[test]
fn a_file() {
    suffer("file", |fault, scale| {
        let can = !matches!(fault, Fault::Slow | Fault::Stranger);
        let disk = if can { Disk::new(scale, fault) } else { None };
        disk.map(|disk| Box::new(disk) as Box<dyn FarEnd>)
    });
}
