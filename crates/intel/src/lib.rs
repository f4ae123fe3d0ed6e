//! Text in, an index out; observations in, matches out.
