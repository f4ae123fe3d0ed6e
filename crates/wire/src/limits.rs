//! What a message and a fact in it may hold.

/// Octets of one message.
///
/// - Why so many: a NATS server takes 1 MiB with its headers unless told otherwise, a spool too; the
///   largest fact there is, an answer with all its names escaped, has half of it.
/// - What it costs: facts take up to 30 times as much in memory, 30 MiB while one message is read.
/// - At the bound: what is longer is refused when read; a fact that would make it longer is refused
///   when packed.
pub const MESSAGE_BYTES_MAX: usize = (1 << 20) - (8 << 10);

/// Octets of facts at which a message is sent, without waiting for more.
///
/// - Why so many: heads, ids and acknowledgements are shared by some hundred facts.
/// - What it costs: as much for each partition on the sensor.
/// - At the bound: the message is sealed.
pub const MESSAGE_BYTES_ENOUGH: usize = 32 << 10;

/// Partitions.
///
/// - Why so many: an analyst of one core for each is more than any fleet has.
/// - What it costs: a buffer for each on the sensor, a memory of hosts for each on the analysts.
/// - At the bound: more are refused.
pub const PARTITIONS_MAX: u16 = 1024;

/// Octets of a sensor's or a site's name.
pub const NAME_LEN_MAX: usize = 128;

/// Octets of a name in a subject or an id.
pub const TOKEN_LEN_MAX: usize = 32;

/// Octets of any text of a fact: the dissector's longest is 1 KiB before it is escaped.
///
/// - At the bound: the message is refused; no sensor of ours sent it.
pub(crate) const TEXT_LEN_MAX: usize = 4 << 10;

/// Members of any list of a fact: the dissector's longest has 256.
pub(crate) const LIST_LEN_MAX: usize = 512;

/// Octets of a certificate; the dissector keeps 12 KiB.
pub(crate) const DER_LEN_MAX: usize = 16 << 10;
