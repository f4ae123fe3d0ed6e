//! Frames from an interface or a file.
