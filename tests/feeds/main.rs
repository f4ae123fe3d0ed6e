//! Feeds as their user meets them: each format, written to a file, told by `check` and found on a
//! wire by `replay`; files that are no feeds; settings.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

mod files;
mod formats;
mod wire;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn output(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    command.output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn written(name: &str, octets: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, octets).expect("the file is written");
    (folder, path)
}
