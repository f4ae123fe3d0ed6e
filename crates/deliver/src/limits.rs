//! What this crate holds at most, and why.

use std::time::Duration;

/// Chunks of lines that wait for one target.
///
/// - Why so many: a few milliseconds of a slow disk at full observation rate.
/// - What it costs: with chunks of [`CHUNK_BYTES`], 4 MiB a target.
/// - At the bound: the sender waits; nothing is dropped here.
pub const CHUNKS_MAX: usize = 16;

/// How many octets of lines a sender best gathers before it sends them. Advice, not a bound.
///
/// - Why so many: a chunk wakes a thread, which costs as much as some tens of lines; and one of this
///   length is written as it is, where shorter ones are put together first.
/// - What it costs: [`CHUNKS_MAX`] times as much a target.
/// - Beyond it: a longer chunk is written as well, it only holds more memory while it waits.
pub const CHUNK_BYTES: usize = WRITE_BYTES;

/// Waiting chunks that are put together into one write, in octets.
///
/// - Why so many: a sender of single lines should not cost a system call a line.
/// - What it costs: one buffer of this size a target.
/// - At the bound: the rest waits for the next write.
pub const WRITE_BYTES: usize = 256 << 10;

/// How long alerts and health of a live wire wait for an output, or the spool's thread, that takes
/// nothing.
///
/// - Why so long: a reader that only pauses is back by then; meanwhile nothing is weighed.
/// - What it costs: observations that arrive meanwhile may be dropped before they are weighed.
/// - At the bound: records are dropped there and counted, alerts too, until it takes one again.
pub const STUCK_AFTER: Duration = Duration::from_secs(5);

/// How long one address of a host may take to answer.
///
/// - Why so long: a SYN that is lost twice (RFC 6298: after 1 s, then 2 s) still gets through.
/// - What it costs: so much of an attempt's time for each address that does not answer.
/// - At the bound: the host's next address is tried.
pub const ADDRESS_TIMEOUT: Duration = Duration::from_secs(4);

/// Octets of a PEM file.
///
/// - Why so many: ten times what all public CAs together need.
/// - What it costs: so much memory while the file is read.
/// - At the bound: the file is refused by name.
pub const PEM_BYTES_MAX: u64 = 4 << 20;

/// How long certificates and keys that were read are good for new connections.
///
/// - Why so long: sinks that connect for each batch should not read the system's CAs each time.
/// - What it costs: a renewed certificate is used so much later, unless the old one fails first.
/// - At the bound: the files are read again.
pub const TLS_FILES_KEPT: Duration = Duration::from_secs(60);

const _: () = assert!(CHUNKS_MAX * CHUNK_BYTES <= 4 << 20);

/// How long a reader of syslog or of a Unix socket may take to close its end after ours.
///
/// - Why so long: a collector that writes what it reads to a slow disk.
/// - What it costs: a batch waits so long for a reader that never closes.
/// - At the bound: the batch goes again.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(8);

/// How long it may take to learn that a kept connection was closed while it idled.
///
/// - Why so long: the finest that the timer has; the kernel knows already.
/// - What it costs: so much a batch that goes over a kept connection.
/// - At the bound: it stands, as far as anybody knows.
pub const CLOSED_TIMEOUT: Duration = Duration::from_millis(1);

/// Octets that a reader of syslog or of a Unix socket may say, who should say none.
///
/// - Why so many: a greeting.
/// - What it costs: nothing, they are read and forgotten.
/// - At the bound: that is no such reader; the batch goes again.
pub const CHATTER_BYTES_MAX: usize = 64 << 10;

/// Datagrams of syslog that are sent without a pause.
///
/// - Why so many: Linux keeps some ninety of 1 KiB for a reader that sets no buffer of its own.
/// - What it costs: 16,000 to 32,000 datagrams a second at most.
/// - At the bound: a pause of [`UDP_PAUSE`].
pub const UDP_BURST: usize = 32;

/// The pause between bursts of datagrams, and before it is asked whether somebody refused them.
///
/// - Why so long: the finest that the timer has; an ICMP error of a host nearby takes less.
/// - What it costs: so much a burst.
/// - At the bound: sending goes on.
pub const UDP_PAUSE: Duration = Duration::from_millis(1);

/// How long a socket of UDP is used before its host's name is looked up anew.
///
/// - Why so long: datagrams to an address that is no longer the collector's are lost.
/// - What it costs: a look-up a minute.
/// - At the bound: a new socket.
pub const UDP_SOCKET_KEPT: Duration = Duration::from_secs(60);

/// Names that are tried for a rotated file whose second is taken.
///
/// - Why so many: no sensible size is met a thousand times a second.
/// - What it costs: a look at each name.
/// - At the bound: the file grows on, and is rotated a second later.
pub const ROTATIONS_A_SECOND_MAX: u32 = 1000;

/// The first pause after a setback of a sink.
///
/// - Why so long: a server that restarts is back within seconds.
/// - What it costs: nothing.
/// - At the bound: each further pause is twice as long, up to [`BACKOFF_MOST`].
pub const BACKOFF_FIRST: Duration = Duration::from_millis(250);

/// The longest pause between two attempts, unless the other end asks for more (then twice that).
///
/// - Why so long: a sink that is back is noticed within half a minute.
/// - What it costs: a connection attempt each time.
/// - At the bound: it stays so.
pub const BACKOFF_MOST: Duration = Duration::from_secs(30);

/// How often a sink's place in the spool is written down at most.
///
/// - Why so often: so much is sent again after a crash; ids make it removable.
/// - What it costs: two fsync a second and sink.
/// - At the bound: the place waits.
pub const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How often the log says that a sink is in trouble.
///
/// - Why so often: an operator who looks finds a line; a day of outage fills no disk.
/// - What it costs: a line.
/// - At the bound: setbacks are only counted.
pub const TROUBLE_TOLD_EVERY: Duration = Duration::from_secs(60);

/// Octets of the file of records that a sink refused.
///
/// - Why so many: some ten thousand records, enough to see what is wrong with them.
/// - What it costs: so much disk a sink.
/// - At the bound: refused records are only counted.
pub const REFUSED_FILE_BYTES_MAX: u64 = 16 << 20;

/// Pieces that wait for the spool's writer.
///
/// - Why so many: some milliseconds of a slow disk.
/// - What it costs: with chunks of [`CHUNK_BYTES`], 16 MiB.
/// - At the bound: alerts wait; live, observations and facts are dropped and counted.
pub const PIECES_MAX: usize = 256;

/// The pause after the spool's disk took nothing.
///
/// - Why so long: room that comes back is used soon; a full disk costs no processor.
/// - What it costs: a few failed writes a second.
/// - At the bound: it is tried again; records gather in memory meanwhile, as far as
///   `spool::limits::BUFFER_BYTES_MAX` goes.
pub const COMMIT_AGAIN: Duration = Duration::from_millis(100);

/// Octets that the spool's writer gathers before it writes.
///
/// - Why so many: a system call costs below a percent then.
/// - What it costs: so much memory.
/// - At the bound: it writes.
pub const COMMIT_BYTES: usize = 1 << 20;

/// Records on their way to a NATS server that it has not acknowledged.
///
/// - Why so many: 50,000 a second over a line that takes 20 ms there and back.
/// - What it costs: so many records in memory, beside the batch itself.
/// - At the bound: the next waits for the oldest's acknowledgement.
pub const NATS_UNDER_WAY_MAX: usize = 1024;

/// How long a NATS server may take to acknowledge a record, or to answer a question.
///
/// - Why so long: a cluster elects a new leader of a stream in less.
/// - What it costs: so much time, when it says nothing.
/// - At the bound: a setback; what was stored all the same is recognised by its id.
pub const NATS_ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long connecting to one address of a NATS server may take, with TLS and saying who we are.
///
/// - Why so long: as [`ADDRESS_TIMEOUT`], with a few exchanges more.
/// - What it costs: so much of an attempt's time for each address that does not answer.
/// - At the bound: the next address is tried.
pub const NATS_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Octets of an HTTP server's answer.
///
/// - Why so many: a bulk of 10,000 records, each with a sentence why it was not taken.
/// - What it costs: so much memory while it is read, some times as much once it is understood.
/// - At the bound: the rest is not read and the connection closed; a bulk is a setback then.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Octets of an HTTP server's answer that it took nothing.
///
/// - Why so many: a sentence or two are told.
/// - What it costs: nothing.
/// - At the bound: the rest is not read and the connection closed.
pub const ERROR_BYTES_MAX: usize = 4 << 10;

/// Fields of an answer's header.
///
/// - Why so many: servers behind proxies send thirty.
/// - What it costs: a little memory.
/// - At the bound: a setback.
pub const ANSWER_FIELDS_MAX: usize = 128;

/// Octets of an answer's header.
///
/// - Why so many: cookies of load balancers are long.
/// - What it costs: so much memory a connection.
/// - At the bound: a setback.
pub const ANSWER_HEAD_BYTES_MAX: usize = 64 << 10;

/// How long an HTTP server may ask to be left alone.
///
/// - Why so long: quotas are by the hour.
/// - What it costs: nothing.
/// - At the bound: it is asked again.
pub const WAIT_ASKED_MAX: Duration = Duration::from_secs(3600);

/// After that time of a batch in parts, what is through is told before the rest is tried.
///
/// - Why so long: well below what an attempt may take, so that none is repeated as a whole.
/// - What it costs: a batch that is read from the spool once more.
/// - At the bound: a setback that says how far it came.
pub const CARRY_TELLS_AFTER: Duration = Duration::from_secs(3);

/// Items of the answer to a bulk.
///
/// - Why so many: more than a batch has.
/// - What it costs: some MiB while it is read.
/// - At the bound: it is no answer.
pub const BULK_ITEMS_MAX: usize = 65_536;

/// Ids of records whose fate is known while others of their bulk must be sent again.
///
/// - Why so many: as [`BULK_ITEMS_MAX`].
/// - What it costs: 5 MiB, while a server is in trouble.
/// - At the bound: they are forgotten, sent again, and known by the server.
pub const SETTLED_MAX: usize = BULK_ITEMS_MAX;

/// How long an attempt asks for an acknowledgement of Splunk's indexers.
///
/// - Why so long: they take seconds.
/// - What it costs: nothing else is sent meanwhile.
/// - At the bound: a setback; the next attempt goes on asking.
pub const ACK_ATTEMPT: Duration = Duration::from_secs(8);

/// The longest pause between two questions for an acknowledgement.
///
/// - Why so long: Splunk asks for ten seconds at most.
/// - What it costs: so much delay.
/// - At the bound: it stays so.
pub const ACK_ASKED_MOST: Duration = Duration::from_secs(2);

/// How long an acknowledgement may take before events are sent again.
///
/// - Why so long: what Splunk recommends.
/// - What it costs: such events stand there twice, if the indexers had them after all.
/// - At the bound: they are sent again.
pub const ACK_WAIT_MAX: Duration = Duration::from_secs(300);

/// Octets of one reply of a Redis server.
///
/// - Why so many: the replies to what we ask are numbers, ids and error lines.
/// - What it costs: so much memory.
/// - At the bound: what answers is taken for no Redis: a setback.
pub const REDIS_REPLY_BYTES_MAX: usize = 4096;

/// Octets of one answer of a Kafka broker.
///
/// - Why so many: it names every topic and partition of a cluster; 100,000 of them fit.
/// - What it costs: so much memory while one is read.
/// - At the bound: a setback.
pub const KAFKA_ANSWER_BYTES_MAX: usize = 16 << 20;

/// Partitions of a topic that records go to.
///
/// - Why so many: far more than the readers of a site's alerts.
/// - What it costs: a connection each.
/// - At the bound: a setback that says so.
pub const KAFKA_PARTITIONS_MAX: usize = 256;

/// How long the Kafka library tries again by itself.
///
/// - Why so long: a partition that has another leader is found at the second try; whatever takes
///   longer is the runner's matter, which knows how to wait.
/// - What it costs: some times as much before a setback is told: the library's tries are nested.
/// - At the bound: a setback, with the last reason.
pub const KAFKA_RETRY_FOR: Duration = Duration::from_millis(500);

/// How long it may take until every partition of a Kafka topic has its connection.
///
/// - Why so long: some exchanges with each broker, and what [`KAFKA_RETRY_FOR`] allows.
/// - What it costs: so much of an attempt's time.
/// - At the bound: a setback.
pub const KAFKA_CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
