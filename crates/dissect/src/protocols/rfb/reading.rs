//! How far octets tell what they are.

/// What stands at the beginning of octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Read<T> {
    /// This, in so many octets.
    Is(T, usize),
    /// Its beginning.
    More,
    /// Something else.
    Foreign,
}
