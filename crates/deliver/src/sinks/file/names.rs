//! Names of files that were rotated: `alerts-20261121T200000Z.jsonl` beside `alerts.jsonl`.
//!
//! The time is that of the rotation, UTC; all lines in it are older. A second rotation within a
//! second, or within an hour that a clock passes twice, is `alerts-20261121T200000Z-2.jsonl`.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::limits::ROTATIONS_A_SECOND_MAX;

/// What others add to a name when they compress the file.
const COMPRESSED: [&str; 4] = ["gz", "zst", "xz", "bz2"];

/// Move `path` to a name of its own; which.
///
/// The name is taken by an empty file first, so that the renaming never covers anything.
pub(super) fn retire(path: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let (stem, ending) = parts(path);
    let stamp = stamp(now);
    for count in 1..=ROTATIONS_A_SECOND_MAX {
        let count = if count == 1 { String::new() } else { format!("-{count}") };
        let to = path.with_file_name(format!("{stem}-{stamp}{count}{ending}"));
        if COMPRESSED.iter().any(|by| sibling(&to, by).exists()) {
            continue;
        }
        match OpenOptions::new().write(true).create_new(true).mode(0o640).open(&to) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
        return match fs::rename(path, &to) {
            Ok(()) => Ok(to),
            Err(error) => {
                // Ours, empty, and of no use.
                let _ = fs::remove_file(&to);
                Err(error)
            }
        };
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Remove rotated files of `path`, compressed ones too, until `keep` are left. What cannot be
/// removed is said and stays.
pub(super) fn remove_oldest(path: &Path, keep: usize) {
    let (stem, ending) = parts(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Ok(listed) = fs::read_dir(folder) else { return };
    let mut rotated: Vec<((String, u32), PathBuf)> = listed
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            Some((place(name.to_str()?, &stem, &ending)?, entry.path()))
        })
        .collect();
    rotated.sort();
    let surplus = rotated.len().saturating_sub(keep.max(1));
    for (_, old) in rotated.iter().take(surplus) {
        match fs::remove_file(old) {
            Ok(()) => {
                tracing::debug!(file = %old.display(), "removed, as enough newer ones are kept")
            }
            Err(error) => tracing::error!(file = %old.display(), %error, "cannot be removed"),
        }
    }
}

/// The name before its ending, and the ending with its dot, if there is one.
fn parts(path: &Path) -> (String, String) {
    let text =
        |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let ending = text(path.extension()).map(|ending| format!(".{ending}"));
    (text(path.file_stem()).unwrap_or_default(), ending.unwrap_or_default())
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// The place of a rotated file among the others, if that is one: its time, and its count within it.
fn place(name: &str, stem: &str, ending: &str) -> Option<(String, u32)> {
    let rest = name.strip_prefix(stem)?.strip_prefix('-')?;
    let plain = |rest: &str| -> Option<(String, u32)> {
        let rest = rest.strip_suffix(ending)?;
        let (stamp, count) = rest.split_at_checked("20261121T200000Z".len())?;
        let shaped = stamp.bytes().enumerate().all(|(at, octet)| match at {
            8 => octet == b'T',
            15 => octet == b'Z',
            _ => octet.is_ascii_digit(),
        });
        let count = match count.strip_prefix('-') {
            None if count.is_empty() => 1,
            Some(count) if count.bytes().all(|octet| octet.is_ascii_digit()) => {
                count.parse().ok()?
            }
            _ => return None,
        };
        shaped.then(|| (stamp.to_owned(), count))
    };
    let packed = COMPRESSED.iter().find_map(|by| rest.strip_suffix(by)?.strip_suffix('.'));
    plain(rest).or_else(|| plain(packed?))
}

/// `20261121T200000Z`, of times from 1970 on.
fn stamp(now: SystemTime) -> String {
    let secs = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, secs) = (secs / 86_400, secs % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (secs / 3600, secs / 60 % 60, secs % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// The date of a day since 1970-01-01: Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`; years that begin in March, in eras of 400.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_names() {
        for (secs, expected) in [
            (0, "19700101T000000Z"),
            (68_169_599, "19720228T235959Z"),
            (68_169_600, "19720229T000000Z"),
            (951_868_799, "20000229T235959Z"),
            (951_868_800, "20000301T000000Z"),
            (1_795_291_200, "20261121T200000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            let now = UNIX_EPOCH + std::time::Duration::from_secs(secs);
            assert_eq!(stamp(now), expected);
        }
    }

    #[test]
    fn which_names_are_of_rotated_files() {
        let one = |stamp: &str, count| Some((stamp.to_owned(), count));
        for (name, expected) in [
            ("alerts-20261121T200000Z.jsonl", one("20261121T200000Z", 1)),
            ("alerts-20261121T200000Z-12.jsonl", one("20261121T200000Z", 12)),
            ("alerts-20261121T200000Z.jsonl.gz", one("20261121T200000Z", 1)),
            ("alerts-20261121T200000Z-2.jsonl.zst", one("20261121T200000Z", 2)),
            ("alerts.jsonl", None),
            ("alerts-20261121T200000Z.json", None),
            ("alerts-20261121T200000Z.jsonl.bak", None),
            ("alerts-20261121X200000Z.jsonl", None),
            ("alerts-20261121T200000Z-.jsonl", None),
            ("alerts-20261121T200000Z-x.jsonl", None),
            ("alerts-20261121T200000Z-99999999999.jsonl", None),
            ("alerts-mine.jsonl", None),
            ("more-alerts-20261121T200000Z.jsonl", None),
            ("alerts-2026112éT20000Z.jsonl", None),
        ] {
            assert_eq!(place(name, "alerts", ".jsonl"), expected, "{name}");
        }
        assert_eq!(place("log-20261121T200000Z", "log", ""), one("20261121T200000Z", 1));
    }
}
