//! The list of protocols. A new one is a folder here and two lines below.

pub(crate) mod reader;

use reader::Entry;

/// Every protocol, in the order in which they are asked.
pub(crate) const PROTOCOLS: &[Entry] = &[];
