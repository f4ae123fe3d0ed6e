//! The list of record formats: a new one is a file or folder here and a line below.

pub(crate) mod ecs;
