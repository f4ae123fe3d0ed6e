//! What stops a capture: each a sentence that a user can act on. Damage is none of these.

use std::path::PathBuf;

use thiserror::Error;

/// Why frames cannot be had.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// Nothing has that path.
    #[error("{}: there is no such file or folder", .0.display())]
    Missing(PathBuf),
    /// The system does not let us read it.
    #[error("{}: cannot be read: {why}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// A capture filter that does not compile.
    #[error("the filter `{filter}` is not understood: {why} (see pcap-filter(7))")]
    Filter {
        /// The filter, as given.
        filter: String,
        /// The compiler's reason.
        why: String,
    },
    /// No interface has that name.
    #[error("there is no interface `{name}`; there are: {known}")]
    NoInterface {
        /// The name, as given.
        name: String,
        /// Those that exist, with commas.
        known: String,
    },
    /// The system does not let us capture.
    #[error(
        "no permission to capture on `{name}`: run as root, or give the program the right once \
         with `setcap cap_net_raw=ep PROGRAM` (CAP_NET_RAW); the system says: {why}"
    )]
    NoPermission {
        /// The interface.
        name: String,
        /// The system's reason.
        why: String,
    },
    /// The interface cannot be captured on.
    #[error("the interface `{name}` cannot be captured on: {why}")]
    Interface {
        /// The interface.
        name: String,
        /// libpcap's reason.
        why: String,
    },
    /// The interface went down or away, or failed, while it was captured on.
    #[error("capturing on the interface `{name}` stopped: {why}")]
    InterfaceLost {
        /// The interface.
        name: String,
        /// libpcap's reason.
        why: String,
    },
}
