//! Where a reader is, in a small file that is only ever replaced whole.
//!
//! ```text
//! rmmwatch spool cursor 1
//! alerts 1234
//! observations 99
//! crc32c 1a2b3c4d
//! ```
//! The number is the first that the reader still wants of the class. Empty lines follow, to the end
//! of the disk's sector.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::SpoolError;
use crate::limits::CURSOR_BYTES_MAX;
use crate::recovery::make_folder;
use crate::segment::can_be_a_name;

/// The folder of cursors; no class may have its name.
pub(crate) const FOLDER: &str = "readers";
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
const TITLE: &str = "rmmwatch spool cursor 1";

/// By the name of a class: the first number that is still wanted.
pub(crate) type Cursor = BTreeMap<String, u64>;

/// Where the cursor of a reader lies.
pub(crate) fn path(spool: &Path, reader: &str) -> PathBuf {
    spool.join(FOLDER).join(format!("{reader}.cursor"))
}

/// The name of the reader whose cursor this file is.
pub(crate) fn reader_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_suffix(".cursor")?;
    can_be_a_name(name).then_some(name)
}

/// Replace a cursor: written beside it, on the disk, then renamed. On a full disk, where nothing
/// can stand beside it, in its place: it is one sector, which a disk writes whole or not at all.
/// Otherwise what was sent could never make room.
pub(crate) fn save(spool: &Path, reader: &str, cursor: &Cursor) -> Result<(), SpoolError> {
    let text = text(cursor);
    match replace(spool, reader, &text) {
        Err(why) if why.wants_room() => overwrite(&path(spool, reader), &text).map_err(|_| why),
        result => result,
    }
}

fn replace(spool: &Path, reader: &str, text: &str) -> Result<(), SpoolError> {
    let path = path(spool, reader);
    let beside = spool.join(FOLDER).join(format!("{reader}.new"));
    let io = |what| SpoolError::io(what, &beside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = match options.open(&beside) {
        // Somebody removed the folder.
        Err(why) if why.kind() == ErrorKind::NotFound => {
            make_folder(&spool.join(FOLDER))?;
            options.open(&beside)
        }
        opened => opened,
    }
    .map_err(io("cannot be created"))?;
    file.write_all(text.as_bytes()).map_err(io("cannot be written"))?;
    file.sync_data().map_err(io("cannot be synced"))?;
    fs::rename(&beside, &path).map_err(SpoolError::io("cannot be replaced", &path))?;
    sync_folder(&spool.join(FOLDER))
}

fn overwrite(path: &Path, text: &str) -> Result<(), SpoolError> {
    let io = |what| SpoolError::io(what, path);
    let mut options = OpenOptions::new();
    let file = options.write(true).open(path).map_err(io("cannot be opened"))?;
    file.write_all_at(text.as_bytes(), 0).map_err(io("cannot be written"))?;
    file.set_len(text.len() as u64).map_err(io("cannot be cut"))?;
    file.sync_data().map_err(io("cannot be synced"))
}

/// A cursor as it was saved. `None`: it is damaged.
pub(crate) fn load(path: &Path) -> Result<Option<Cursor>, SpoolError> {
    let io = |what| SpoolError::io(what, path);
    let file = File::open(path).map_err(io("cannot be opened"))?;
    let mut octets = Vec::new();
    file.take(CURSOR_BYTES_MAX + 1).read_to_end(&mut octets).map_err(io("cannot be read"))?;
    Ok(read(&octets))
}

/// Have the names in a folder outlive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), SpoolError> {
    let io = |what| SpoolError::io(what, folder);
    File::open(folder).map_err(io("cannot be opened"))?.sync_all().map_err(io("cannot be synced"))
}

pub(crate) fn text(cursor: &Cursor) -> String {
    let mut text = format!("{TITLE}\n");
    for (class, wanted) in cursor {
        text.push_str(&format!("{class} {wanted}\n"));
    }
    let sum = crc32c::crc32c(text.as_bytes());
    text.push_str(&format!("crc32c {sum:08x}\n"));
    while text.len() % SECTOR != 0 {
        text.push('\n');
    }
    text
}

/// A cursor from its file's octets. `None`: they are not whole.
pub(crate) fn read(octets: &[u8]) -> Option<Cursor> {
    if octets.len() as u64 > CURSOR_BYTES_MAX {
        return None;
    }
    let text = std::str::from_utf8(octets).ok()?;
    let full = text.len() % SECTOR == 0;
    let (body, sum) = text.trim_end_matches('\n').rsplit_once('\n').filter(|_| full)?;
    let body = format!("{body}\n");
    let told = sum.strip_prefix("crc32c ")?;
    if format!("{:08x}", crc32c::crc32c(body.as_bytes())) != told {
        return None;
    }
    let mut lines = body.lines();
    if lines.next() != Some(TITLE) {
        return None;
    }
    let mut cursor = Cursor::new();
    for line in lines {
        let (class, wanted) = line.split_once(' ')?;
        if !can_be_a_name(class) || cursor.insert(class.to_owned(), wanted.parse().ok()?).is_some()
        {
            return None;
        }
    }
    Some(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_none_that_was_cut_or_touched() {
        let cursor = Cursor::from([("alerts".to_owned(), 1234), ("facts".to_owned(), u64::MAX)]);
        let octets = text(&cursor).into_bytes();
        assert_eq!(read(&octets), Some(cursor));
        for cut in 0..octets.len() {
            assert_eq!(read(&octets[..cut]), None, "cut at {cut}");
        }
        for bit in 0..octets.len() * 8 {
            let mut bad = octets.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bad), None, "bit {bit}");
        }
        assert_eq!(read(&[0; 100]), None);
        assert_eq!(read(&[b'a'; 20_000]), None);
        assert_eq!(read(text(&Cursor::new()).as_bytes()), Some(Cursor::new()));
    }
}
