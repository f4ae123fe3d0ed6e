//! Why octets are no message.

/// Why octets are no message of facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WireError {
    /// Nothing at all.
    #[error("the message is empty")]
    Empty,
    /// Another version than ours.
    #[error("the message is of version {0}, and only {only} is read here", only = crate::VERSION)]
    Version(u8),
    /// More octets than a message has.
    #[error("the message has {0} octets; at most {most} are read", most = crate::limits::MESSAGE_BYTES_MAX)]
    Long(usize),
    /// The octets end too early, or say what cannot be.
    #[error("the octets are no facts")]
    Garbled,
    /// A part of it is larger than the dissector makes it, or not spelt as it does.
    #[error("{0}")]
    Unsound(&'static str),
}
