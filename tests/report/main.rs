//! `rmmwatch report`: what the program makes of records and captures, and how a browser shows it.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

mod browser;
mod command;
mod picture;
#[path = "../../crates/audit/tests/all/scene.rs"]
#[allow(dead_code, reason = "the audit's own tests use the rest")]
mod scene;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Run the program in a folder of its own.
fn rmmwatch(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
        .current_dir(folder)
        .args(args)
        .output()
        .expect("the program runs")
}

/// Standard output as text, of a run that must have ended with `code`.
fn said(done: &Output, code: i32) -> String {
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{errors}");
    String::from_utf8(done.stdout.clone()).expect("text")
}
