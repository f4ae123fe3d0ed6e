//! Builds captures octet by octet, and reads them back through a timeline.

use std::io::Write;
use std::path::{Path, PathBuf};

use capture::{Input, ReplayOptions, ReplayReport, Timeline};

/// A frame, kept: nanoseconds, link type, octets, length on the wire.
pub(crate) type Kept = (u64, u16, Vec<u8>, u32);

/// Which octet of a number comes first.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) fn u16(self, number: u16) -> [u8; 2] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
    pub(crate) fn u32(self, number: u32) -> [u8; 4] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
    pub(crate) fn u64(self, number: u64) -> [u8; 8] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// A classic capture being written.
pub(crate) struct Classic {
    pub(crate) octets: Vec<u8>,
    order: Order,
    more_header: usize,
    wire_first: bool,
}

impl Classic {
    pub(crate) const MICROS: u32 = 0xa1b2_c3d4;
    pub(crate) const NANOS: u32 = 0xa1b2_3c4d;
    pub(crate) const MODIFIED: u32 = 0xa1b2_cd34;

    pub(crate) fn new(order: Order, magic: u32, link: u32) -> Classic {
        Classic::versioned(order, magic, link, (2, 4), 65_535)
    }

    pub(crate) fn versioned(
        order: Order,
        magic: u32,
        link: u32,
        version: (u16, u16),
        snap_len: u32,
    ) -> Classic {
        let mut octets = order.u32(magic).to_vec();
        octets.extend(order.u16(version.0));
        octets.extend(order.u16(version.1));
        octets.extend([0; 8]);
        octets.extend(order.u32(snap_len));
        octets.extend(order.u32(link));
        let more_header = if magic == Classic::MODIFIED { 8 } else { 0 };
        Classic { octets, order, more_header, wire_first: version < (2, 3) }
    }

    /// A record: seconds, fraction, octets, length on the wire.
    pub(crate) fn record(mut self, secs: u32, fraction: u32, bytes: &[u8], wire: u32) -> Classic {
        let kept = bytes.len() as u32;
        let lengths = if self.wire_first { [wire, kept] } else { [kept, wire] };
        for word in [secs, fraction, lengths[0], lengths[1]] {
            self.octets.extend(self.order.u32(word));
        }
        self.octets.resize(self.octets.len() + self.more_header, 0xee);
        self.octets.extend(bytes);
        self
    }

    /// A whole frame of some octets at that second.
    pub(crate) fn frame(self, secs: u32, bytes: &[u8]) -> Classic {
        self.record(secs, 0, bytes, bytes.len() as u32)
    }
}

/// A pcapng capture being written.
pub(crate) struct Ng {
    pub(crate) octets: Vec<u8>,
    pub(crate) order: Order,
}

impl Ng {
    pub(crate) fn new(order: Order) -> Ng {
        Ng { octets: Vec::new(), order }.section(order)
    }

    /// A new section, in its own order.
    pub(crate) fn section(mut self, order: Order) -> Ng {
        self.order = order;
        let mut body = order.u32(0x1a2b_3c4d).to_vec();
        body.extend(order.u16(1));
        body.extend(order.u16(0));
        body.extend(order.u64(u64::MAX));
        self.block(0x0a0d_0d0a, &body)
    }

    /// Any block; the body is padded.
    pub(crate) fn block(mut self, kind: u32, body: &[u8]) -> Ng {
        let padded = body.len().next_multiple_of(4);
        let len = self.order.u32(padded as u32 + 12);
        self.octets.extend(self.order.u32(kind));
        self.octets.extend(len);
        self.octets.extend(body);
        self.octets.resize(self.octets.len() + padded - body.len(), 0);
        self.octets.extend(len);
        self
    }

    /// An interface: link type, snap length, options as (code, value).
    pub(crate) fn interface(self, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Ng {
        let order = self.order;
        let mut body = order.u16(link).to_vec();
        body.extend([0, 0]);
        body.extend(order.u32(snap_len));
        for (code, value) in options {
            body.extend(order.u16(*code));
            body.extend(order.u16(value.len() as u16));
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
        self.block(1, &body)
    }

    /// An enhanced packet.
    pub(crate) fn packet(self, interface: u32, ticks: u64, bytes: &[u8], wire: u32) -> Ng {
        let order = self.order;
        let mut body = Vec::new();
        for word in [interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire] {
            body.extend(order.u32(word));
        }
        body.extend(bytes);
        self.block(6, &body)
    }

    /// An obsolete packet, with a count of drops.
    pub(crate) fn old_packet(self, interface: u16, ticks: u64, bytes: &[u8]) -> Ng {
        let order = self.order;
        let mut body = order.u16(interface).to_vec();
        body.extend(order.u16(7));
        let len = bytes.len() as u32;
        for word in [(ticks >> 32) as u32, ticks as u32, len, len] {
            body.extend(order.u32(word));
        }
        body.extend(bytes);
        self.block(2, &body)
    }

    /// A simple packet.
    pub(crate) fn simple(self, bytes: &[u8], wire: u32) -> Ng {
        let mut body = self.order.u32(wire).to_vec();
        body.extend(bytes);
        self.block(3, &body)
    }
}

/// Octets packed with gzip.
pub(crate) fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(octets).unwrap();
    packer.finish().unwrap()
}

/// Octets packed with zstd, with a checksum as its own program writes it.
pub(crate) fn zstd(octets: &[u8]) -> Vec<u8> {
    let mut packer = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    packer.include_checksum(true).unwrap();
    packer.write_all(octets).unwrap();
    packer.finish().unwrap()
}

/// All frames of some inputs, in order, and the report.
pub(crate) fn read_all(inputs: &[Input], options: &ReplayOptions) -> (Vec<Kept>, ReplayReport) {
    let mut timeline = Timeline::open(inputs, options).unwrap();
    let mut kept = Vec::new();
    let mut orders = Vec::new();
    while timeline
        .read(&mut |frames| {
            assert!((1..=capture::RUN_MAX).contains(&frames.len()));
            for frame in frames {
                orders.push(frame.order);
                kept.push((frame.at.nanos(), frame.link.0, frame.bytes.to_vec(), frame.orig_len));
            }
        })
        .unwrap()
    {}
    assert!(orders.iter().zip((1..).step_by(2)).all(|(&order, wanted)| order == wanted));
    let report = timeline.report().clone();
    assert_eq!(report.frames(), kept.len() as u64);
    assert_eq!(report.bytes_read, report.bytes_total, "progress reaches its end");
    (kept, report)
}

/// All frames of one file that has these octets.
pub(crate) fn read_octets(octets: &[u8]) -> (Vec<Kept>, ReplayReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "one", octets);
    read_all(&[Input::Path(path)], &ReplayOptions::default())
}

/// Write a file.
pub(crate) fn put(folder: &Path, name: &str, octets: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, octets).unwrap();
    path
}

/// What is damaged, without the path.
pub(crate) fn damage(report: &ReplayReport) -> Vec<&str> {
    report.damaged.iter().map(|(_, why)| why.as_str()).collect()
}
