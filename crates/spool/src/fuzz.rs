//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

use crate::cursor;

/// A cursor of any octets is none, or says what it says.
pub fn cursor(octets: &[u8]) {
    let _ = cursor::read(octets);
}
