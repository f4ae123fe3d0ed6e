//! What bounds this crate, and why. Nothing else in it grows with what a capture says.

/// Octets of one frame that are lent.
///
/// - Why so many: the longest that libpcap and Wireshark keep of ordinary link types; a jumbo
///   frame has 9 KiB and an offloaded segment 64 KiB.
/// - What it costs: this much room in each reader's window.
/// - At the bound: see [`RECORD_MAX`] and [`RECORD_MAX_BUS`].
pub const FRAME_MAX: usize = 256 << 10;

/// Octets that a classic capture's record may claim.
///
/// - Why so many: no network puts a longer frame on the wire, so a longer one is a broken length.
/// - What it costs: nothing beyond [`FRAME_MAX`].
/// - At the bound: the file is damaged from there on, since nothing tells where the next record
///   begins. In pcapng the block's own length does: the frame is lent cut to [`FRAME_MAX`].
pub const RECORD_MAX: u32 = FRAME_MAX as u32;

/// Octets that a classic capture's record may claim where the link is a bus of a host (USB, D-Bus).
///
/// - Why so many: libpcap writes such records up to 128 MiB.
/// - What it costs: nothing, the frame is lent cut to [`FRAME_MAX`] and the rest read past.
/// - At the bound: the file is damaged from there on.
pub const RECORD_MAX_BUS: u32 = 128 << 20;

/// Octets asked of the kernel at once.
///
/// - Why so many: measured; with 64 and 128 KiB a replay's reading costs a seventh more, and a
///   read's octets still fit the second-level cache. Telling the kernel that the file is read from
///   front to back (posix_fadvise) gains nothing measurable, from a cold disk either.
/// - What it costs: this much room in each reader's window.
/// - At the bound: the next read.
pub const READ_OCTETS: usize = 256 << 10;

/// Octets of headers, options and padding that may stand in the window beside a frame.
///
/// - Why so many: a pcapng block's options are some dozen octets; comments are longer.
/// - What it costs: this much room in each reader's window.
/// - At the bound: the frame is lent, its block's trailer is not checked.
pub const BESIDE_FRAME: usize = 4 << 10;

/// Octets of a reader's window: what is left of the last read, and the next. That of a file which is
/// shorter has as many as the file.
pub const WINDOW_OCTETS: usize = FRAME_MAX + BESIDE_FRAME + READ_OCTETS;

/// Windows kept at once, with or without an open file.
///
/// - Why so many: twice the open files, so that a capture whose file had to be closed is read on
///   256 KiB at a time.
/// - What it costs: 516 KiB a window of a long file, 65 MiB in all.
/// - At the bound: the window whose next frame is the latest is given up and read again later.
pub const WINDOWS_MAX: usize = 128;
const _: () = assert!(WINDOWS_MAX * WINDOW_OCTETS <= 66 << 20);

/// Files open at once, unless the options say otherwise.
///
/// - Why so many: captures that overlap in time come from as many taps; a process may open 1,024.
/// - What it costs: a descriptor each, and a decompressor where the file is packed.
/// - At the bound: the file whose next frame is the latest is closed and opened again later; a
///   packed one must be unpacked again from its start.
pub const OPEN_FILES_MAX: usize = 64;

/// Octets that all decompressors together may hold.
///
/// - Why so many: 32 of zstd's usual windows, or 12 of its largest usual ones.
/// - What it costs: that.
/// - At the bound: as at [`OPEN_FILES_MAX`]; one decompressor is always allowed.
pub const UNPACK_OCTETS_MAX: usize = 96 << 20;

/// The largest window of a zstd frame, as a power of two.
///
/// - Why so large: zstd's own program unpacks this much unasked.
/// - What it costs: 128 MiB while such a file is open.
/// - At the bound: the file is named as damaged.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Octets of a decompressor's input, and of the first read of any file.
pub const PACKED_READ_OCTETS: usize = 32 << 10;

/// Octets unpacked in one step.
///
/// - Why so few: when packed data is broken, what the last step unpacked may be lost.
/// - What it costs: a call per step.
/// - At the bound: the next step.
pub const UNPACK_STEP: usize = 16 << 10;

/// Octets that are unpacked before a thread of its own takes a packed capture over.
///
/// - Why so many: a thread costs what unpacking some dozen KiB does, and of a folder with thousands
///   of packed captures most are small, or are looked at and closed for a while.
/// - What it costs: nothing.
/// - At the bound: the thread, with what is named at [`AHEAD_OCTETS`]; at most one an open file.
pub const AHEAD_FROM: usize = 256 << 10;

/// Octets of a buffer that is handed from a decompressor's thread to the reader.
///
/// - Why so many: handing over is then below one part in a thousand of unpacking.
/// - What it costs: [`AHEAD_BUFFERS`] of them for each open packed capture, 24 MiB in all.
/// - At the bound: the next buffer; the thread waits when none is free.
pub const AHEAD_OCTETS: usize = 128 << 10;

/// Buffers between a decompressor's thread and the reader: one that is filled, one that waits, one
/// that is read.
pub const AHEAD_BUFFERS: usize = 3;

/// Interfaces of one pcapng section.
///
/// - Why so many: a host of many containers has some hundred.
/// - What it costs: 32 octets each, 128 KiB a capture that claims them.
/// - At the bound: further ones are damage, and so are their frames.
pub const INTERFACES_MAX: usize = 1 << 12;

/// Octets of an interface block that are read; its options stand there.
pub const INTERFACE_BLOCK_MAX: usize = 64 << 10;

/// Flaws of one file that are named.
///
/// - Why so many: the first tells what is wrong, the next whether it is one accident.
/// - What it costs: a sentence each.
/// - At the bound: one last sentence says that there are more.
pub const FLAWS_NAMED_MAX: u32 = 8;

/// Frames read from the kernel in one go.
///
/// - Why so many: some milliseconds of work, so that a stop is heard soon under full load.
/// - What it costs: nothing, frames are lent out of the ring.
/// - At the bound: the caller has its turn, then the next go.
pub const FRAMES_PER_POLL: usize = 4096;

/// Octets of the kernel's ring of one lane, unless the options say otherwise.
///
/// - Why so many: none was lost at 100,000 packets a second; with 1 MiB there were thousands.
/// - What it costs: locked memory of the kernel.
/// - At the bound: the kernel drops packets and counts them.
pub const RING_OCTETS: u32 = 64 << 20;

/// Octets of one block of that ring, unless the options say otherwise.
///
/// - Why so many: an offloaded segment of [`FRAME_MAX`] fits with its headers; fewer wake us more
///   often, more leave the caches before they are read.
/// - What it costs: nothing, the ring is made of them.
/// - At the bound: the next block. A frame longer than a block is cut.
pub const BLOCK_OCTETS: u32 = 512 << 10;

/// Milliseconds after which the kernel gives us a block that is not full.
///
/// - Why so long: ten wake-ups a second on a quiet wire; nobody reads alerts faster.
/// - What it costs: this much delay on a quiet wire.
/// - At the bound: the block is lent as it is.
pub const BLOCK_WAIT_MS: u32 = 100;

/// Blocks that a ring has at least: with fewer the kernel has nowhere to write while we read.
pub const BLOCKS_MIN: u32 = 4;

/// Flows of one interface whose packets the kernel counts and drops.
///
/// - Why so many: those that carry most of the octets at any time are some thousand.
/// - What it costs: 4 MiB of counters and half a MiB of marks in the kernel once there is relief,
///   and for each flow some 150 octets there and 250 here.
/// - At the bound: further flows are not relieved, which is counted. They are tried again.
pub const RELIEF_FLOWS: u32 = 1 << 16;

/// Flows whose counts are asked of the kernel in one call.
///
/// - Why so many: a call in a thousand costs nothing.
/// - What it costs: 64 KiB while it lasts.
/// - At the bound: the next call.
pub const RELIEF_BATCH: u32 = 1 << 10;
