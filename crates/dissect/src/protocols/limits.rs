//! The bounds of the protocol readers, each with its reason.
//!
//! A reader keeps no octets of the wire: what it waits for stays in the stream's opening, which
//! has a budget of its own. What it does keep is named here.

/// Octets that a reader waits for before it reads what is there.
///
/// - Why so many: the longest hello and the longest head seen are under 12 KiB; an opening holds
///   16 KiB, and one more segment must still fit when this is reached.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: DNS and HTTP tell what half a message tells and skip the rest by its length;
///   TLS gives the side up.
pub(crate) const WAIT_MAX: usize = 12 << 10;

/// Questions read of one DNS message.
///
/// - Why so many: mDNS asks up to some thirty at once, DNS one.
/// - What it costs: a fact each, about 128 octets.
/// - At the bound: the message's other questions and its records are not read;
///   `dns_questions_too_many` counts it.
pub(crate) const DNS_QUESTIONS_MAX: usize = 64;

/// Answer records read of one DNS message.
///
/// - Why so many: a full 4 KiB UDP answer has at most 253 address records.
/// - What it costs: about 64 octets each and a name.
/// - At the bound: the others are not read; `dns_records_too_many` counts it.
pub(crate) const DNS_RECORDS_MAX: usize = 256;

/// Records passed over in the authority and additional sections of one message.
///
/// - Why so many: a referral has 13 servers with two addresses each.
/// - What it costs: some 10 ns each.
/// - At the bound: an OPT record behind them is not seen.
pub(crate) const DNS_PASSED_OVER_MAX: usize = 256;

/// Octets of a name on the wire, its length octets and final zero included (RFC 1035 §2.3.4).
pub(crate) const DNS_NAME_OCTETS_MAX: usize = 255;

/// Labels of a name: one octet of length and one of text each in 255 octets.
pub(crate) const DNS_LABELS_MAX: usize = 127;

/// Compression pointers followed in one name.
///
/// - Why so many: real servers nest at most three; every hop after that is an attack.
/// - What it costs: a jump each.
/// - At the bound: the name is unreadable; `dns_name_malformed` counts it.
pub(crate) const DNS_HOPS_MAX: usize = 16;

/// Labels and hops walked in one message, over all its names.
///
/// - Why so many: 256 records with a name each in owner and data, eight steps a name.
/// - What it costs: about 20 µs, so that a stranger's 1,400 octets never cost a millisecond.
/// - At the bound: the rest of its names are unreadable; `dns_names_too_costly` counts it.
pub(crate) const DNS_STEPS_MAX: u32 = 4096;

/// Address hints read of one HTTPS or SVCB record.
///
/// - Why so many: real records have at most eight of each family.
/// - What it costs: 17 octets each.
/// - At the bound: the others are not read.
pub(crate) const DNS_HINTS_MAX: usize = 32;

/// Octets of the longest message that is taken for DNS over TCP on another port than 53.
///
/// - Why so many: the first message is a question, which is short.
/// - What it costs: that much of an opening until it is whole.
/// - At the bound: the stream is not DNS.
pub(crate) const DNS_STRICT_TCP_MAX: usize = 2048;

/// Octets of a TLS handshake message that is not a certificate chain.
///
/// - Why so many: post-quantum hellos take 1.8 KiB, the longest seen 11.4 KiB.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: what is there is read and the side is given up; `tls_message_too_long`.
pub(crate) const TLS_MESSAGE_MAX: usize = 16 << 10;

/// Octets of an end certificate. The rest of the chain is hashed as it comes.
///
/// - Why so many: real ones take 1 to 3 KiB, some with hundreds of names 8 KiB.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: the side is given up; `tls_certificate_too_long`.
pub(crate) const TLS_CERTIFICATE_MAX: usize = 12 << 10;

/// DNS names kept of one certificate.
///
/// - Why so many: shared hosting puts 100 names in one certificate.
/// - What it costs: about 40 octets each.
/// - At the bound: the others are not kept.
pub(crate) const TLS_NAMES_MAX: usize = 128;

/// Octets of a subject or issuer as text.
///
/// - Why so many: real ones take 40 to 200.
/// - What it costs: itself.
/// - At the bound: the text ends there.
pub(crate) const TLS_SUBJECT_MAX: usize = 1024;

/// Protocols kept of an ALPN list, and versions of a supported_versions list.
///
/// - Why so many: real hellos have at most six.
/// - What it costs: at most 256 octets each.
/// - At the bound: the others are not kept.
pub(crate) const TLS_LIST_MAX: usize = 16;

/// Certificates behind the end certificate whose fingerprints are kept.
///
/// - Why so many: real chains have one to three; cross-signed ones five.
/// - What it costs: 64 octets each, and the hash over it.
/// - At the bound: the certificate is told with these.
pub(crate) const TLS_CHAIN_MAX: usize = 8;

/// Octets of the certificates behind the end certificate.
///
/// - Why so many: eight of 2 KiB, or two with hundreds of names.
/// - What it costs: some 3 ns each to hash; they are not held.
/// - At the bound: the certificate is told with those that were whole before.
pub(crate) const TLS_CHAIN_OCTETS_MAX: usize = 32 << 10;

/// Hellos read of one connection. A second one follows a renewal in clear or another name.
///
/// - Why so many: two are usual at most.
/// - What it costs: some 3 µs each, for its fingerprints; a segment of 1,400 octets could hold 30.
/// - At the bound: the client is given up.
pub(crate) const TLS_HELLOS_MAX: u32 = 8;

/// Alerts, heartbeats and empty records before a hello that are looked past.
///
/// - Why so many: common servers accept that many empty ones; of the others one is seen.
/// - What it costs: their octets of the opening, each at most [`TLS_STRAY_RECORD_MAX`].
/// - At the bound: the stream is not TLS.
pub(crate) const TLS_EMPTY_RECORDS_MAX: usize = 32;

/// Octets of such a record that is not empty.
///
/// - Why so many: an alert has two, a heartbeat 16 and its padding.
/// - What it costs: itself.
/// - At the bound: the stream is not TLS.
pub(crate) const TLS_STRAY_RECORD_MAX: usize = 64;

/// Octets of everything that an end says in clear before TLS.
///
/// - Why so many: a greeting, its capabilities and a log-in that failed take some hundred octets of
///   a client and one or two KiB of a server.
/// - What it costs: itself, of the opening.
/// - At the bound: it is taken for a conversation without TLS.
pub(crate) const TLS_PREFACE_MAX: usize = 4 << 10;

/// Octets of a DTLS handshake message that comes in fragments.
///
/// - Why so many: a hello with post-quantum keys has 2 KiB, a chain of certificates up to 6.
/// - What it costs: itself, once a side.
/// - At the bound: what does not fit is left out; `dtls_message_too_long` counts it.
pub(crate) const DTLS_MESSAGE_MAX: usize = 8 << 10;

/// Pieces of such a message with gaps between them.
///
/// - Why so many: 8 KiB in fragments of a small datagram each, every other one late.
/// - What it costs: 16 octets each.
/// - At the bound: the fragment is left out; `dtls_message_in_too_many_fragments` counts it.
pub(crate) const DTLS_FRAGMENTS_MAX: usize = 16;

/// Datagrams with handshakes in them that are read of one flow.
///
/// - Why so many: a handshake takes some ten, each repeated a few times when they are lost.
/// - What it costs: under a microsecond each.
/// - At the bound: the flow is given up.
pub(crate) const DTLS_DATAGRAMS_MAX: u32 = 64;

/// Datagrams of other protocols between them.
///
/// - Why so many: STUN checks go on while the handshake runs, and media may begin before it ends.
/// - What it costs: some nanoseconds each.
/// - At the bound: the flow is given up.
pub(crate) const DTLS_FOREIGN_MAX: u32 = 64;

/// Hellos told of one flow: of another name each.
///
/// - Why so many: one is usual.
/// - What it costs: a fact each.
/// - At the bound: the others are not told.
pub(crate) const DTLS_HELLOS_MAX: u32 = 4;

/// Octets of an HTTP method (the model's promise).
pub(crate) const HTTP_METHOD_MAX: usize = 32;

/// Octets of an HTTP path as it is told (the model's promise).
pub(crate) const HTTP_PATH_MAX: usize = 1024;

/// Octets of a User-Agent field as it is told (the model's promise).
pub(crate) const HTTP_AGENT_MAX: usize = 512;

/// Octets of a file's name.
///
/// - Why so many: the longest name that common file systems take.
/// - What it costs: itself.
/// - At the bound: its end is kept, since that is where the kind of file stands.
pub(crate) const HTTP_FILE_NAME_MAX: usize = 255;

/// Requests of one connection that wait for their answer.
///
/// - Why so many: browsers pipelined at most eight; nearly all wait for one answer at a time.
/// - What it costs: under 64 octets each, and [`HTTP_WAITING_OCTETS_MAX`].
/// - At the bound: the ones that follow are told, but their answers stand alone.
pub(crate) const HTTP_WAITING_MAX: usize = 16;

/// Octets of the hosts and paths of all requests of one connection that wait for their answer.
///
/// - Why so many: two long ones, or sixteen usual ones.
/// - What it costs: itself, per connection with requests that wait; the one thing on the wire
///   that a reader keeps outside the opening.
/// - At the bound: the request waits without its host and path.
pub(crate) const HTTP_WAITING_OCTETS_MAX: usize = 1536;

/// Octets of the line that begins a chunk (RFC 9112 §7.1).
///
/// - Why so many: extensions are rare and short.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: the framing is taken to be lost; `http_chunk_malformed` counts it.
pub(crate) const HTTP_CHUNK_LINE_MAX: usize = 1024;

/// Packets looked at in one QUIC datagram.
///
/// - Why so many: real ones hold two or three Initials, 0-RTT and handshake packets.
/// - What it costs: some 10 ns each, and see [`QUIC_OPENED_MAX`].
/// - At the bound: what follows in the datagram is not looked at.
pub(crate) const QUIC_PACKETS_MAX: usize = 8;

/// Initials that are tried to be opened in one flow.
///
/// - Why so many: hellos span up to four, each sent again a few times, once more behind a Retry.
/// - What it costs: about 2 µs each of 1,200 octets, of which a key is derived in 1 µs.
/// - At the bound: what half a hello tells is told, and the flow is given up.
pub(crate) const QUIC_OPENED_MAX: u32 = 16;

/// Datagrams of a flow that are read before its hello is whole.
///
/// - Why so many: a first flight of ten with early data, sent again, and what the other end says.
/// - What it costs: some 20 ns each beside the Initials in them.
/// - At the bound: what half a hello tells is told, and the flow is given up.
pub(crate) const QUIC_DATAGRAMS_MAX: u32 = 32;

/// Gaps between the pieces of one hello.
///
/// - Why so many: browsers cut a hello into some twenty pieces and shuffle them, on purpose.
/// - What it costs: 16 octets each, and 16 KiB of octets a flow, of the budget of all openings.
/// - At the bound: the piece is not held; `quic_crypto_in_too_many_pieces` counts it.
pub(crate) const QUIC_PIECES_MAX: usize = 64;

/// Octets behind the version of a packet of Google's old QUIC in which its hello is looked for.
///
/// - Why so many: a number, a hash, and acknowledgements stand before it, 50 octets as seen.
/// - What it costs: about 50 ns.
/// - At the bound: the packet has no hello.
pub(crate) const QUIC_CHLO_AT_MAX: usize = 160;

/// Tags of a hello of Google's old QUIC.
///
/// - Why so many: real ones have up to 29.
/// - What it costs: a nanosecond each.
/// - At the bound: it is no hello.
pub(crate) const QUIC_TAGS_MAX: usize = 128;

/// Octets of a version that remote access told (the model's promise).
pub(crate) const REMOTE_VERSION_MAX: usize = 64;

/// Octets of each other detail that remote access told (the model's promise).
pub(crate) const REMOTE_DETAIL_MAX: usize = 128;

/// Octets of an SSH banner behind its version.
///
/// - Why so many: RFC 4253 §4.2 allows 255 for the whole line.
/// - What it costs: itself, for each end of a connection until both have spoken.
/// - At the bound: the line is no banner.
pub(crate) const SSH_BANNER_MAX: usize = 255;

/// Octets of text that an SSH server may send before its banner.
///
/// - Why so many: a legal notice is a dozen lines.
/// - What it costs: that much of an opening, and a look along it for each segment.
/// - At the bound: the stream is not SSH.
pub(crate) const SSH_LINES_MAX: usize = 1536;

/// Octets behind an SSH banner after which the other end's is not waited for.
///
/// - Why so many: the first packet, the list of algorithms, takes 0.5 to 2.5 KiB.
/// - What it costs: that much of an opening.
/// - At the bound: the one banner is told.
pub(crate) const SSH_BEHIND_MAX: usize = 4 << 10;

/// Kinds of security that an RFB server may offer.
///
/// - Why so many: seven are the most that were seen; some thirty exist.
/// - What it costs: an octet each.
/// - At the bound: what looked like RFB is some other text.
pub(crate) const RFB_SECURITY_MAX: usize = 32;

/// Octets of an end of an RFB connection that are waited for, from its version on.
///
/// - Why so many: the longest way to a desktop's name or to TLS is under 1 KiB.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: what is known is told.
pub(crate) const RFB_WAIT_MAX: usize = 2 << 10;

/// Octets of the message in which an end of a remote desktop without protection names its settings.
///
/// - Why so many: those seen take 400 to 1,400 octets; what is told stands in the first 300.
/// - What it costs: nothing of the reader's; the opening has them.
/// - At the bound: what is there is read.
pub(crate) const RDP_CONFERENCE_MAX: usize = 1024;

/// Blocks looked through in that message for the one that is told, which comes first.
pub(crate) const RDP_BLOCKS_MAX: usize = 16;

/// Datagrams of a remote desktop's second transport that are read for the handshake inside.
///
/// - Why so many: two that greet, each sent up to three times, the probes for the path's size, and
///   a flight or two of each end.
/// - What it costs: under a microsecond each.
/// - At the bound: the flow is given up.
pub(crate) const RDP_DATAGRAMS_MAX: u8 = 32;

/// Octets that are held of each end of that handshake.
///
/// - Why so many: hellos have up to 2 KiB, chains of certificates 6; two of a limit of 16 KiB, with
///   room for one datagram.
/// - What it costs: itself.
/// - At the bound: the end is given up.
pub(crate) const RDP_HELD_MAX: usize = 6 << 10;

/// Octets of a DNS message that an HTTP body or path holds.
///
/// - Why so many: RFC 8484 §6 allows 64 KiB; questions have under 600, and answers that are told
///   under 4 KiB.
/// - What it costs: that much of an opening until it is whole.
/// - At the bound: the message is not read.
pub(crate) const DNS_HTTPS_MAX: usize = 4 << 10;

/// Exchanges of one HTTP/2 connection that are not over.
///
/// - Why so many: browsers ask for a page's parts at once, up to 100 of them; of each of which a
///   body would have to begin after 32 others were asked for, to be told without its path.
/// - What it costs: about 200 octets each, of the budget for openings.
/// - At the bound: the oldest is forgotten: its file is told without host and path.
pub(crate) const HTTP2_EXCHANGES_MAX: usize = 32;

/// Octets of a frame that is no body's. RFC 9113 §4.2 has 16 KiB unless someone says otherwise; a
/// longer one means that the framing is lost: `http2_framing_lost` counts it.
pub(crate) const HTTP2_FRAME_MAX: usize = 1 << 20;

/// Octets of the fields that one direction of an HTTP/2 connection refers back to.
///
/// - Why so many: it is what browsers offer; most use the 4 KiB that need no word.
/// - What it costs: itself, of the budget for openings.
/// - At the bound: nothing more of that side is read; `http2_fields_malformed` counts it.
pub(crate) const HPACK_TABLE_MAX: usize = 64 << 10;

/// Octets of the fields of one message, 32 more for each (RFC 9113 §6.5.2).
///
/// - Why so many: servers take 8 to 32 KiB.
/// - What it costs: some microseconds, so that a block that names a long field in each of its octets
///   costs no more.
/// - At the bound: as above.
pub(crate) const HPACK_DECODED_MAX: usize = 64 << 10;

/// Octets of the name that a host gives itself (the model's promise).
pub(crate) const HOST_NAME_MAX: usize = 253;

/// Options read of one DHCP message, of either version.
///
/// - Why so many: real ones have up to some thirty.
/// - What it costs: a few nanoseconds each.
/// - At the bound: the others are not read; `dhcp_options_cut` counts it.
pub(crate) const DHCP_OPTIONS_MAX: usize = 128;

/// Octets of one value that comes in several DHCP options.
///
/// - Why so many: a name of 255 octets and its flags.
/// - What it costs: itself, while the message is read.
/// - At the bound: the value ends there.
pub(crate) const DHCP_VALUE_MAX: usize = 258;

/// Relays that passed on one DHCPv6 message (RFC 8415 §7.6: HOP_COUNT_LIMIT). A message with more
/// is not read.
pub(crate) const DHCPV6_RELAYS_MAX: usize = 9;

/// Addresses told of one DHCPv6 message.
///
/// - Why so many: a host asks for one or two.
/// - What it costs: a fact each.
/// - At the bound: the others are not told.
pub(crate) const DHCPV6_ADDRESSES_MAX: usize = 8;
