//! The filter itself: what each frame that reaches the socket goes through, in the kernel.
//!
//! Only what is plain is held back: Ethernet without a tag in the frame, IPv4 without options and
//! whole or IPv6 without extension headers, TCP or UDP, with lengths that agree. Whatever else it
//! is, it passes, and so does what begins or ends a connection.
//!
//! No loop, no function of its own, nothing newer than Linux 4.18: verifiers since then take it.
//!
//! A flow that is new to the map is *watched* first: its packets pass, but a SYN or RST is noted,
//! and after that all of them pass until the flow is put in anew. Otherwise a connection that
//! takes the ends of an old one would lose its first octets to the old one's rest.

use super::assembler::{Assembler, Call, Instruction, Label, Op, Reg, Size, When};
use Reg::{Fp, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9};

/// What the program is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Descriptor of the map from flows to [`Entry`](super::layout::Entry)s.
    pub(super) flows: i32,
    /// Descriptor of the array of [`Counters`](super::layout::Counters).
    pub(super) counters: i32,
    /// Descriptor of the array of marks of packets that came last.
    pub(super) twins: i32,
    /// Octets that the socket keeps of a frame that passes.
    pub(super) snap_len: u32,
    /// What makes the places of marks unforeseeable.
    pub(super) key: u64,
}

/// Marks of packets that came last, a power of two.
pub(super) const TWINS: u32 = 1 << 16;

/// Units of 1,024 nanoseconds that a packet and its copy from a span port may be apart: just under
/// a millisecond, as where flows are followed.
const APART: i32 = 976;

// Where things are on the stack. A frame's first octets are laid so that the IP header is aligned.
const FRAME: i16 = -70;
const IP: i16 = FRAME + ETHERNET;
/// Of IPv6 too, whose header is read by then.
const TRANSPORT: i16 = IP + 20;
/// The FIN, SYN and RST of a TCP segment.
const SPECIAL: i16 = -16;
/// 0 of a flow that is watched. The other is known by then.
const WATCHED: i16 = SPECIAL;
/// Eight octets of a datagram's payload, from the seventeenth on.
const FURTHER: i16 = -8;
const KEY: i16 = -144;
/// A number that is looked up in an array.
const NUMBER: i16 = -96;
const GENERATION: i16 = -88;
/// The identification of IPv4.
const IDENTIFICATION: i16 = -80;
/// Octets before the transport header.
const HEADERS: i16 = -152;

/// Octets of an Ethernet header.
const ETHERNET: i16 = 14;
/// Octets that are read first; shorter frames pass.
const HEAD: i16 = ETHERNET + 40;

/// `__sk_buff.len` (linux/bpf.h).
const PACKET_LEN: i16 = 0;

/// FIN, SYN and RST.
const BEGIN_OR_END: i32 = 7;
/// SYN and RST.
const ANEW: i32 = 6;

/// The program, or nothing where it would be too long.
pub(super) fn program(setting: &Setting) -> Option<Vec<Instruction>> {
    let mut asm = Assembler::default();
    let labels = Labels::new(&mut asm);
    link(&mut asm, &labels);
    v4(&mut asm, &labels);
    v6(&mut asm, &labels);
    asm.place(labels.transport);
    asm.store(Size::Double, Fp, SPECIAL, 0);
    asm.store(Size::Double, Fp, FURTHER, 0);
    tcp(&mut asm, &labels);
    udp(&mut asm, &labels);
    ends(&mut asm, &labels);
    find(&mut asm, setting, &labels);
    copies(&mut asm, setting, &labels);
    count(&mut asm);
    asm.place(labels.pass);
    // As many octets as a frame may have: it is no negative number.
    asm.put(R0, i32::try_from(setting.snap_len).unwrap_or(i32::MAX));
    asm.exit();
    asm.finish()
}

/// Places that more than one part of the program knows.
struct Labels {
    pass: Label,
    v6: Label,
    transport: Label,
    udp: Label,
    ends: Label,
}

impl Labels {
    fn new(asm: &mut Assembler) -> Labels {
        Labels {
            pass: asm.label(),
            v6: asm.label(),
            transport: asm.label(),
            udp: asm.label(),
            ends: asm.label(),
        }
    }
}

/// Two octets of the frame as a load finds them, which keeps the network's order.
fn wire(number: u16) -> i32 {
    i32::from(u16::from_ne_bytes(number.to_be_bytes()))
}

/// Copy octets of the packet, from the offset in `R2` on, to the stack; what is wrong is in `R0`.
fn load_octets(asm: &mut Assembler, to: i16, octets: i16) {
    asm.put(R1, R6);
    asm.put(R3, Fp);
    asm.calculate(Op::Add, R3, i32::from(to));
    asm.put(R4, i32::from(octets));
    asm.call(Call::LoadOctets);
}

/// From here on, `R6` is the packet.
fn link(asm: &mut Assembler, labels: &Labels) {
    asm.put(R6, R1);
    asm.put(R2, 0);
    load_octets(asm, FRAME, HEAD);
    asm.jump_if(R0, When::NotEqual, 0, labels.pass);
    asm.load(Size::Half, R1, Fp, FRAME + 12);
    asm.jump_if(R1, When::Equal, wire(0x86dd), labels.v6);
    asm.jump_if(R1, When::NotEqual, wire(0x0800), labels.pass);
}

/// From here on, `R7` is the datagram's length, `R8` what it carries, `R9` how much of that; its
/// addresses are in the key, the source first. IPv4 (RFC 791 §3.1):
fn v4(asm: &mut Assembler, labels: &Labels) {
    // Version 4, five words of header.
    asm.load(Size::Byte, R1, Fp, IP);
    asm.jump_if(R1, When::NotEqual, 0x45, labels.pass);
    // No fragment; the flag that forbids them may be set.
    asm.load(Size::Half, R1, Fp, IP + 6);
    asm.calculate(Op::And, R1, wire(0xbfff));
    asm.jump_if(R1, When::NotEqual, 0, labels.pass);
    asm.load(Size::Half, R7, Fp, IP + 2);
    asm.network_order(R7);
    asm.jump_if(R7, When::Less, 20, labels.pass);
    asm.put(R9, R7);
    asm.calculate(Op::Add, R9, -20);
    asm.load(Size::Byte, R8, Fp, IP + 9);
    asm.load(Size::Half, R1, Fp, IP + 4);
    asm.store(Size::Double, Fp, IDENTIFICATION, R1);
    asm.store(Size::Double, Fp, HEADERS, i32::from(ETHERNET) + 20);
    for (key, ip) in [(KEY, IP + 12), (KEY + 16, IP + 16)] {
        asm.store(Size::Double, Fp, key, 0);
        asm.load(Size::Word, R1, Fp, ip);
        asm.store(Size::Word, Fp, key + 8, R1);
        asm.store(Size::Word, Fp, key + 12, 0);
    }
    fits(asm, labels);
    asm.store(Size::Word, Fp, KEY + 36, R8);
    asm.jump(labels.transport);
}

/// IPv6 (RFC 8200 §3).
fn v6(asm: &mut Assembler, labels: &Labels) {
    asm.place(labels.v6);
    asm.load(Size::Byte, R1, Fp, IP);
    asm.calculate(Op::And, R1, 0xf0);
    asm.jump_if(R1, When::NotEqual, 0x60, labels.pass);
    asm.load(Size::Half, R9, Fp, IP + 4);
    asm.network_order(R9);
    // A jumbogram (RFC 2675 §3).
    asm.jump_if(R9, When::Equal, 0, labels.pass);
    asm.put(R7, R9);
    asm.calculate(Op::Add, R7, 40);
    asm.load(Size::Byte, R8, Fp, IP + 6);
    asm.store(Size::Double, Fp, IDENTIFICATION, 0);
    asm.store(Size::Double, Fp, HEADERS, i32::from(ETHERNET) + 40);
    for (key, ip) in [(KEY, IP + 8), (KEY + 16, IP + 24)] {
        for word in [0, 8] {
            asm.load(Size::Double, R1, Fp, ip + word);
            asm.store(Size::Double, Fp, key + word, R1);
        }
    }
    fits(asm, labels);
    asm.put(R2, i32::from(HEAD));
    load_octets(asm, TRANSPORT, 20);
    asm.jump_if(R0, When::NotEqual, 0, labels.pass);
    // What it carries, and that its addresses are of IPv6.
    asm.put(R1, R8);
    asm.calculate(Op::Xor, R1, super::layout::V6);
    asm.store(Size::Word, Fp, KEY + 36, R1);
}

/// A datagram that says to be longer than its frame passes.
fn fits(asm: &mut Assembler, labels: &Labels) {
    asm.put(R1, R7);
    asm.calculate(Op::Add, R1, i32::from(ETHERNET));
    asm.load(Size::Word, R2, R6, PACKET_LEN);
    asm.jump_if(R1, When::Greater, R2, labels.pass);
}

/// TCP (RFC 9293 §3.1).
fn tcp(asm: &mut Assembler, labels: &Labels) {
    asm.jump_if(R8, When::NotEqual, 6, labels.udp);
    // Words of the header, in the high half of the octet: so many octets when shifted by two.
    asm.load(Size::Byte, R1, Fp, TRANSPORT + 12);
    asm.calculate(Op::ShiftRight, R1, 4);
    asm.calculate(Op::ShiftLeft, R1, 2);
    asm.jump_if(R1, When::Less, 20, labels.pass);
    asm.jump_if(R1, When::Greater, R9, labels.pass);
    asm.load(Size::Byte, R1, Fp, TRANSPORT + 13);
    asm.calculate(Op::And, R1, BEGIN_OR_END);
    asm.store(Size::Double, Fp, SPECIAL, R1);
    asm.jump(labels.ends);
}

/// UDP (RFC 768). A datagram passes that may begin a connection of QUIC (RFC 9000 §17.2: the
/// highest bit of the first octet) or whose first octets may be those of a tunnel: whoever opens
/// tunnels looks into datagrams whatever their flow.
fn udp(asm: &mut Assembler, labels: &Labels) {
    const PAYLOAD: i16 = TRANSPORT + 8;
    asm.place(labels.udp);
    let ours = asm.label();
    asm.jump_if(R8, When::NotEqual, 17, labels.pass);
    asm.load(Size::Half, R2, Fp, TRANSPORT + 4);
    asm.network_order(R2);
    asm.jump_if(R2, When::Less, 9, labels.pass);
    asm.jump_if(R2, When::Greater, R9, labels.pass);
    asm.load(Size::Byte, R1, Fp, PAYLOAD);
    asm.jump_if(R1, When::AnyOf, 0x80, labels.pass);
    let low = asm.label();
    asm.jump_if(R1, When::Less, 0x40, low);
    // Teredo (RFC 4380): IPv6 as it is, if its length says so.
    asm.calculate(Op::And, R1, 0xf0);
    asm.jump_if(R1, When::NotEqual, 0x60, ours);
    asm.load(Size::Half, R1, Fp, PAYLOAD + 4);
    asm.network_order(R1);
    asm.calculate(Op::Add, R1, 40 + 8);
    asm.jump_if(R1, When::Equal, R2, labels.pass);
    asm.jump(ours);
    asm.place(low);
    // GTP-U (3GPP TS 29.281 §5.1): version 1, a datagram.
    let no_gtp = asm.label();
    asm.calculate(Op::And, R1, 0xf8);
    asm.jump_if(R1, When::NotEqual, 0x30, no_gtp);
    asm.load(Size::Byte, R1, Fp, PAYLOAD + 1);
    asm.jump_if(R1, When::Equal, 0xff, labels.pass);
    asm.place(no_gtp);
    // Teredo's own headers, and STUN's messages.
    asm.load(Size::Half, R1, Fp, PAYLOAD);
    for first in [0x0000, 0x0001] {
        asm.jump_if(R1, When::Equal, wire(first), labels.pass);
    }
    // GENEVE (RFC 8926 §3.4): what it carries is Ethernet or IP.
    asm.load(Size::Half, R1, Fp, PAYLOAD + 2);
    for kind in [0x6558, 0x0800, 0x86dd] {
        asm.jump_if(R1, When::Equal, wire(kind), labels.pass);
    }
    // VXLAN (RFC 7348 §5).
    asm.load(Size::Word, R1, Fp, PAYLOAD);
    asm.jump_if(R1, When::Equal, i32::from_ne_bytes([8, 0, 0, 0]), labels.pass);
    asm.place(ours);
    // What tells datagrams apart whose first octets are the number of their connection.
    asm.load(Size::Double, R2, Fp, HEADERS);
    asm.calculate(Op::Add, R2, 8 + 16);
    load_octets(asm, FURTHER, 8);
}

/// Put the lower end first into the key: by its address's words as a load finds them, then by its
/// port. From here on, `R9` is 1 of a packet from the higher end, else 0.
fn ends(asm: &mut Assembler, labels: &Labels) {
    asm.place(labels.ends);
    let (low, high, done) = (asm.label(), asm.label(), asm.label());
    let ports = [(R4, TRANSPORT), (R5, TRANSPORT + 2)];
    for (reg, at) in ports {
        asm.load(Size::Half, reg, Fp, at);
    }
    for word in [0, 8] {
        asm.load(Size::Double, R1, Fp, KEY + word);
        asm.load(Size::Double, R2, Fp, KEY + 16 + word);
        asm.jump_if(R1, When::Less, R2, low);
        asm.jump_if(R1, When::Greater, R2, high);
    }
    asm.jump_if(R4, When::Greater, R5, high);
    asm.place(low);
    asm.store(Size::Half, Fp, KEY + 32, R4);
    asm.store(Size::Half, Fp, KEY + 34, R5);
    asm.put(R9, 0);
    asm.jump(done);
    asm.place(high);
    asm.store(Size::Half, Fp, KEY + 32, R5);
    asm.store(Size::Half, Fp, KEY + 34, R4);
    for word in [0, 8] {
        asm.load(Size::Double, R1, Fp, KEY + word);
        asm.load(Size::Double, R2, Fp, KEY + 16 + word);
        asm.store(Size::Double, Fp, KEY + word, R2);
        asm.store(Size::Double, Fp, KEY + 16 + word, R1);
    }
    asm.put(R9, 1);
    asm.place(done);
}

/// Look up what is at `at` on the stack: in `R0` there is its value's address, which is not 0.
fn look_up(asm: &mut Assembler, map: i32, at: i16, labels: &Labels) {
    asm.put_map(R1, map);
    asm.put(R2, Fp);
    asm.calculate(Op::Add, R2, i32::from(at));
    asm.call(Call::MapLookUp);
    asm.jump_if(R0, When::Equal, 0, labels.pass);
}

/// From here on, `R8` is where the flow's counters are, and the packet is not wanted, or only
/// watched.
fn find(asm: &mut Assembler, setting: &Setting, labels: &Labels) {
    use super::layout::{DROPS, GENERATION as OF_ENTRY, SLOT, STOPPED};
    look_up(asm, setting.flows, KEY, labels);
    asm.load(Size::Word, R1, R0, SLOT);
    asm.store(Size::Word, Fp, NUMBER, R1);
    asm.load(Size::Double, R1, R0, OF_ENTRY);
    asm.store(Size::Double, Fp, GENERATION, R1);
    asm.load(Size::Word, R8, R0, DROPS);
    look_up(asm, setting.counters, NUMBER, labels);
    asm.load(Size::Double, R1, Fp, GENERATION);
    asm.load(Size::Double, R2, Fp, SPECIAL);
    let plain = asm.label();
    asm.jump_if(R2, When::Equal, 0, plain);
    asm.calculate(Op::And, R2, ANEW);
    asm.jump_if(R2, When::Equal, 0, labels.pass);
    asm.store(Size::Double, R0, STOPPED, R1);
    asm.jump(labels.pass);
    asm.place(plain);
    asm.load(Size::Double, R2, R0, STOPPED);
    asm.jump_if(R1, When::Equal, R2, labels.pass);
    asm.store(Size::Double, Fp, WATCHED, R8);
    asm.put(R8, R0);
}

/// A packet that came a moment before is the copy of a span port that mirrors what goes in and what
/// comes out: it is not counted twice. It is known again by what both have in common: flow and way,
/// length, the identification of IPv4, and what there is in the transport header, or the length,
/// checksum and first octets of a datagram. From here on, `R6` is the time.
fn copies(asm: &mut Assembler, setting: &Setting, labels: &Labels) {
    asm.call(Call::Nanoseconds);
    asm.put(R6, R0);
    // R1 gathers the mark.
    asm.load(Size::Double, R1, Fp, GENERATION);
    asm.calculate(Op::ShiftLeft, R1, 1);
    asm.calculate(Op::Xor, R1, R9);
    asm.put_wide(R2, setting.key | 1);
    asm.load(Size::Double, R3, Fp, IDENTIFICATION);
    asm.calculate(Op::ShiftLeft, R3, 32);
    asm.calculate(Op::Xor, R3, R7);
    mix(asm, R3);
    asm.load(Size::Double, R3, Fp, TRANSPORT + 4);
    mix(asm, R3);
    asm.load(Size::Double, R3, Fp, TRANSPORT + 12);
    mix(asm, R3);
    asm.load(Size::Double, R3, Fp, FURTHER);
    mix(asm, R3);
    // The low bits are its place, the high half stands there, before the time.
    asm.put(R3, R1);
    asm.calculate(Op::And, R3, (TWINS - 1) as i32);
    asm.store(Size::Word, Fp, NUMBER, R3);
    asm.calculate(Op::ShiftRight, R1, 32);
    asm.calculate(Op::ShiftLeft, R1, 32);
    asm.store(Size::Double, Fp, GENERATION, R1);
    look_up(asm, setting.twins, NUMBER, labels);
    asm.load(Size::Double, R1, Fp, GENERATION);
    asm.put(R2, R6);
    asm.calculate(Op::ShiftRight, R2, 10);
    asm.calculate(Op::ShiftLeft, R2, 32);
    asm.calculate(Op::ShiftRight, R2, 32);
    // R1: mark and time together; R3: what was there.
    asm.calculate(Op::Xor, R1, R2);
    asm.load(Size::Double, R3, R0, 0);
    asm.put(R4, R1);
    asm.calculate(Op::Xor, R4, R3);
    asm.calculate(Op::ShiftRight, R4, 32);
    asm.load(Size::Double, R5, Fp, WATCHED);
    let first = asm.label();
    asm.jump_if(R4, When::NotEqual, 0, first);
    // The marks are alike: the difference is that of the times, in either direction.
    asm.calculate(Op::Mul, R3, -1);
    asm.calculate(Op::Add, R3, R1);
    asm.calculate(Op::Add, R3, APART - 1);
    asm.jump_if(R3, When::Greater, 2 * (APART - 1), first);
    asm.jump_if(R5, When::Equal, 0, labels.pass);
    asm.put(R2, 1);
    asm.add_atomic(R8, super::layout::COPIES, R2);
    asm.put(R0, 0);
    asm.exit();
    asm.place(first);
    asm.store(Size::Double, R0, 0, R1);
    // What passed is known when its copy comes that would not.
    asm.jump_if(R5, When::Equal, 0, labels.pass);
}

/// One word more for the mark in `R1`; `R2` is an odd number that no one foresees.
fn mix(asm: &mut Assembler, word: Reg) {
    asm.calculate(Op::Xor, R1, word);
    asm.calculate(Op::Mul, R1, R2);
    asm.put(R4, R1);
    asm.calculate(Op::ShiftRight, R4, 32);
    asm.calculate(Op::Xor, R1, R4);
}

/// Count the packet and hold it back.
fn count(asm: &mut Assembler) {
    use super::layout::{FROM_HIGH, FROM_LOW, LAST, OCTETS, PACKETS};
    let (high, counted) = (asm.label(), asm.label());
    asm.put(R1, 1);
    asm.jump_if(R9, When::NotEqual, 0, high);
    asm.add_atomic(R8, FROM_LOW + PACKETS, R1);
    asm.add_atomic(R8, FROM_LOW + OCTETS, R7);
    asm.jump(counted);
    asm.place(high);
    asm.add_atomic(R8, FROM_HIGH + PACKETS, R1);
    asm.add_atomic(R8, FROM_HIGH + OCTETS, R7);
    asm.place(counted);
    asm.store(Size::Double, R8, LAST, R6);
    asm.put(R0, 0);
    asm.exit();
}
