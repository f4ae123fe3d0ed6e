//! Formats as deliver takes them: a line in, what is sent in its place out.

use std::sync::Arc;

use deliver::Shape;
use records::{Format, FormatOptions, Native};

/// What makes that format of native records; `None` where they stay as they are.
pub(crate) fn shape(format: Format, options: FormatOptions) -> Option<Shape> {
    if format == Format::Ecs {
        return None;
    }
    Some(Arc::new(move |line: &[u8], out: &mut Vec<u8>| match Native::parse(line) {
        Ok(record) => records::shape(format, &record, &options, out),
        Err(why) => {
            // Our own line: no input does this.
            tracing::error!(%why, "a record of ours could not be read back");
            false
        }
    }))
}
