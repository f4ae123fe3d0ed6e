//! Octets that must not be lost: segments on disk, one place a reader.
