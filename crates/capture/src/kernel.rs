//! What the kernel is asked for that no safe crate offers. The one module with `unsafe`: each
//! block says why it is sound, and nothing leaves this file that could be used wrongly.
//!
//! It knows nothing of packets: sockets, rings and programs are given out as plain safe values.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{SOL_PACKET, SOL_SOCKET, c_int, c_void};

/// Who sees what of a ring's block: octet 8 of it (linux/if_packet.h, `tpacket_hdr_v1`).
const STATUS_AT: usize = 8;

/// The octets of a block that are never lent: those up to the end of its status.
pub(crate) const BLOCK_PRIVATE: usize = STATUS_AT + size_of::<u32>();

/// How the kernel is to lay a ring out (linux/if_packet.h, `tpacket_req3`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RingLayout {
    /// Octets of a block; a multiple of the page.
    pub(crate) block: usize,
    /// Blocks.
    pub(crate) blocks: usize,
    /// Milliseconds after which a block that is not full is ours.
    pub(crate) wait_ms: u32,
}

/// What a packet socket counted since it was last asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SocketCounts {
    /// Packets that passed the filter, those that were dropped too.
    pub(crate) packets: u32,
    /// Packets that the ring had no room for.
    pub(crate) drops: u32,
}

/// What the kernel says of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Device {
    /// Its number: one that was made anew has another.
    pub(crate) index: c_int,
    /// Whether it is up.
    pub(crate) up: bool,
    /// Whether its link is there.
    pub(crate) carrier: bool,
    /// Whether it is the host's own loop.
    pub(crate) loopback: bool,
    /// The most that it sends at once, in octets.
    pub(crate) mtu: u32,
    /// What kind it is (linux/if_arp.h, `ARPHRD_`).
    pub(crate) hardware: u16,
}

/// A packet socket that hears nothing yet (packet(7), protocol 0).
pub(crate) fn packet_socket() -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the answer is checked before it is owned.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    checked(fd)?;
    // SAFETY: the kernel just gave it to us, nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Have the socket hear all protocols of an interface, both directions.
pub(crate) fn bind(socket: BorrowedFd<'_>, index: c_int) -> io::Result<()> {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = index;
    let at = (&raw const address).cast::<libc::sockaddr>();
    // SAFETY: `at` is the address of a structure of that length, which the kernel only reads.
    checked(unsafe { libc::bind(socket.as_raw_fd(), at, size_of_val(&address) as u32) })
}

/// Ask the interface for frames that are meant for others.
pub(crate) fn set_promiscuous(socket: BorrowedFd<'_>, index: c_int) -> io::Result<()> {
    let mr_type = libc::PACKET_MR_PROMISC as u16;
    let asked = libc::packet_mreq { mr_ifindex: index, mr_type, mr_alen: 0, mr_address: [0; 8] };
    set(socket, SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &asked)
}

/// Set a numeric option of a packet socket.
pub(crate) fn set_number(socket: BorrowedFd<'_>, option: c_int, value: c_int) -> io::Result<()> {
    set(socket, SOL_PACKET, option, &value)
}

/// Read a numeric option.
pub(crate) fn number(socket: BorrowedFd<'_>, level: c_int, option: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    get(socket, level, option, &mut value)?;
    Ok(value)
}

/// Set a program of the classic packet filter: (code, jt, jf, k) each (linux/filter.h).
pub(crate) fn attach(socket: BorrowedFd<'_>, program: &[(u16, u8, u8, u32)]) -> io::Result<()> {
    let step = |&(code, jt, jf, k): &(u16, u8, u8, u32)| libc::sock_filter { code, jt, jf, k };
    let mut steps: Vec<libc::sock_filter> = program.iter().map(step).collect();
    let len = u16::try_from(steps.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let whole = libc::sock_fprog { len, filter: steps.as_mut_ptr() };
    // The kernel copies the steps before it returns.
    set(socket, SOL_SOCKET, libc::SO_ATTACH_FILTER, &whole)
}

/// Take the socket's filter away: all passes.
pub(crate) fn detach(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, SOL_SOCKET, libc::SO_DETACH_FILTER, &0)
}

/// Make a ring of blocks for the socket (TPACKET_V3). The kernel refuses blocks that are not whole
/// pages, and a second ring.
fn make_ring(socket: BorrowedFd<'_>, layout: RingLayout) -> io::Result<()> {
    // The kernel wants frames named, whose size means nothing with blocks.
    const FRAME: u32 = 2048;
    set_number(socket, libc::PACKET_VERSION, libc::tpacket_versions::TPACKET_V3 as c_int)?;
    let whole = |number: usize| u32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput);
    let (block, blocks) = (whole(layout.block)?, whole(layout.blocks)?);
    let request = libc::tpacket_req3 {
        tp_block_size: block,
        tp_block_nr: blocks,
        tp_frame_size: FRAME,
        tp_frame_nr: (block / FRAME).checked_mul(blocks).ok_or(io::ErrorKind::InvalidInput)?,
        tp_retire_blk_tov: layout.wait_ms,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    };
    set(socket, SOL_PACKET, libc::PACKET_RX_RING, &request)
}

/// What the socket counted since it was last asked.
pub(crate) fn take_counts(socket: BorrowedFd<'_>) -> io::Result<SocketCounts> {
    let mut counts = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    get(socket, SOL_PACKET, libc::PACKET_STATISTICS, &mut counts)?;
    Ok(SocketCounts { packets: counts.tp_packets, drops: counts.tp_drops })
}

/// What the kernel says of the interface of that name; `None`: there is none.
pub(crate) fn device(socket: BorrowedFd<'_>, name: &str) -> io::Result<Option<Device>> {
    let asked = |what| match ask(socket, name, what) {
        Ok(answer) => Ok(Some(answer)),
        Err(why) if why.raw_os_error() == Some(libc::ENODEV) => Ok(None),
        Err(why) => Err(why),
    };
    let (Some(index), Some(flags), Some(mtu), Some(hardware)) = (
        asked(libc::SIOCGIFINDEX)?,
        asked(libc::SIOCGIFFLAGS)?,
        asked(libc::SIOCGIFMTU)?,
        asked(libc::SIOCGIFHWADDR)?,
    ) else {
        return Ok(None);
    };
    // SAFETY: each answer is read as what its question fills in (netdevice(7)), plain numbers all,
    // and the structure was zero before: no octet of it is without a value.
    let (index, flags, mtu, hardware) = unsafe {
        (
            index.ifr_ifru.ifru_ifindex,
            c_int::from(flags.ifr_ifru.ifru_flags),
            mtu.ifr_ifru.ifru_mtu,
            hardware.ifr_ifru.ifru_hwaddr.sa_family,
        )
    };
    let up = flags & libc::IFF_UP != 0;
    let carrier = flags & libc::IFF_RUNNING != 0;
    let loopback = flags & libc::IFF_LOOPBACK != 0;
    let mtu = u32::try_from(mtu).unwrap_or(0);
    Ok(Some(Device { index, up, carrier, loopback, mtu, hardware }))
}

/// One question of netdevice(7).
fn ask(socket: BorrowedFd<'_>, name: &str, what: libc::Ioctl) -> io::Result<libc::ifreq> {
    // SAFETY: plain numbers and octets, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    // SAFETY: these questions read and write one `ifreq`, which outlives the call; its name ends
    // with a zero, being shorter than its room.
    checked(unsafe { libc::ioctl(socket.as_raw_fd(), what, &raw mut request) })?;
    Ok(request)
}

/// The blocks of a socket's ring, shared with the kernel.
pub(crate) struct Blocks {
    base: NonNull<u8>,
    block: usize,
    blocks: usize,
}

// SAFETY: it owns its mapping, which belongs to no thread.
unsafe impl Send for Blocks {}

impl Blocks {
    /// Make a ring of that layout for the socket, and map it.
    pub(crate) fn make(socket: BorrowedFd<'_>, layout: RingLayout) -> io::Result<Blocks> {
        make_ring(socket, layout)?;
        let RingLayout { block, blocks, .. } = layout;
        let len = block.checked_mul(blocks).ok_or(io::ErrorKind::InvalidInput)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let fd = socket.as_raw_fd();
        // SAFETY: a fresh mapping wherever the kernel likes; it touches no memory of ours.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), len, access, libc::MAP_SHARED, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(at.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Blocks { base, block, blocks })
    }

    /// The status of a block that exists.
    fn status(&self, number: usize) -> Option<&AtomicU32> {
        if number >= self.blocks || self.block < BLOCK_PRIVATE {
            return None;
        }
        // SAFETY: block `number` lies within the mapping, which lives as long as `self`; blocks
        // begin on pages, so the status is aligned. It is never lent as octets, and the kernel
        // reads and writes it whole.
        Some(unsafe {
            AtomicU32::from_ptr(self.base.add(number * self.block + STATUS_AT).as_ptr().cast())
        })
    }

    /// The octets of a block behind its status, if the kernel has filled it and left it to us.
    pub(crate) fn take(&mut self, number: usize) -> Option<&mut [u8]> {
        if self.status(number)?.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: within the mapping, as above. The kernel does not write to a block whose status
        // says it is ours until `give` says otherwise (packet(7)), and `give` needs `self` while
        // this slice borrows it. The kernel cleared the pages: no octet is without a value.
        Some(unsafe {
            std::slice::from_raw_parts_mut(
                self.base.add(number * self.block + BLOCK_PRIVATE).as_ptr(),
                self.block - BLOCK_PRIVATE,
            )
        })
    }

    /// Leave a block to the kernel again.
    pub(crate) fn give(&mut self, number: usize) {
        if let Some(status) = self.status(number) {
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped, once; no slice of it outlives `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.block * self.blocks) };
    }
}

/// What kind of map (linux/bpf.h, `enum bpf_map_type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MapKind {
    /// Of any keys; memory is taken for those that are there.
    Hash,
    /// Of numbers from 0 on, all of which are there.
    Array,
}

/// A map that programs in the kernel share with us (bpf(2)).
pub(crate) struct Map {
    fd: OwnedFd,
    key: usize,
    value: usize,
}

/// bpf(2)'s commands (linux/bpf.h, `enum bpf_cmd`).
#[derive(Clone, Copy)]
enum Command {
    MapCreate = 0,
    MapLookUp = 1,
    MapUpdate = 2,
    MapDelete = 3,
    ProgramLoad = 5,
    MapLookUpBatch = 24,
}

/// What bpf(2) is asked to make a map.
#[repr(C)]
#[derive(Default)]
struct AskMap {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
    inner: u32,
    node: u32,
    name: [u8; 16],
}

/// What it is asked about one element.
#[repr(C)]
struct AskElement {
    map: u32,
    _pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// What it is asked about many.
#[repr(C)]
struct AskBatch {
    before: u64,
    last: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    element_flags: u64,
    flags: u64,
}

/// What it is asked to load a program.
#[repr(C)]
struct AskProgram {
    kind: u32,
    instructions: u32,
    code: u64,
    licence: u64,
    log_level: u32,
    log_len: u32,
    log: u64,
    version: u32,
    flags: u32,
    name: [u8; 16],
}

/// The name that tools like bpftool show.
const BPF_NAME: [u8; 16] = *b"rmmwatch\0\0\0\0\0\0\0\0";

/// The address of octets, as bpf(2) takes it.
fn address(octets: *const u8) -> u64 {
    octets as usize as u64
}

/// Ask bpf(2) something.
///
/// # Safety
/// `ask` is the structure of that command, and what its addresses point to is there, and as long
/// as it says, until the call is back.
unsafe fn bpf<T>(command: Command, ask: &mut T) -> io::Result<c_int> {
    let at = (&raw mut *ask).cast::<c_void>();
    // SAFETY: the caller's promise; the kernel reads and writes no more than the size of `ask`.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command as c_int, at, size_of::<T>()) };
    let answer = c_int::try_from(answer).unwrap_or(-1);
    checked(answer)?;
    Ok(answer)
}

impl Map {
    /// A map of at most `entries`, whose keys and values have so many octets.
    pub(crate) fn new(kind: MapKind, key: usize, value: usize, entries: u32) -> io::Result<Map> {
        const NO_PREALLOC: u32 = 1;
        let (kind, flags) = match kind {
            MapKind::Hash => (1, NO_PREALLOC),
            MapKind::Array => (2, 0),
        };
        let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let mut ask = AskMap {
            kind,
            key: u32::try_from(key).map_err(too_long)?,
            value: u32::try_from(value).map_err(too_long)?,
            entries,
            flags,
            name: BPF_NAME,
            ..AskMap::default()
        };
        // SAFETY: the structure of that command, without addresses.
        let fd = unsafe { bpf(Command::MapCreate, &mut ask) }?;
        // SAFETY: the kernel just gave it to us, nobody else has it.
        Ok(Map { fd: unsafe { OwnedFd::from_raw_fd(fd) }, key, value })
    }

    /// Its number, for a program.
    pub(crate) fn descriptor(&self) -> c_int {
        self.fd.as_raw_fd()
    }

    /// Put a value in, or in the place of another.
    pub(crate) fn put(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        if value.len() != self.value {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut ask = self.ask(key, address(value.as_ptr()))?;
        // SAFETY: key and value are there and as long as the map's, and are only read.
        unsafe { bpf(Command::MapUpdate, &mut ask) }.map(drop)
    }

    /// Take a key out; false when it is not there.
    pub(crate) fn remove(&self, key: &[u8]) -> io::Result<bool> {
        let mut ask = self.ask(key, 0)?;
        // SAFETY: the key is there and as long as the map's.
        found(unsafe { bpf(Command::MapDelete, &mut ask) })
    }

    /// Read a value; false when the key is not there.
    pub(crate) fn look_up(&self, key: &[u8], value: &mut [u8]) -> io::Result<bool> {
        if value.len() != self.value {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut ask = self.ask(key, address(value.as_mut_ptr()))?;
        // SAFETY: key and value are there and as long as the map's; the value is ours to write.
        found(unsafe { bpf(Command::MapLookUp, &mut ask) })
    }

    /// Read the values of an array from the number `first` on, as many as `values` has room for or
    /// there are, in one call (Linux 5.6); answers how many those were.
    pub(crate) fn look_up_many(&self, first: u32, values: &mut [u8]) -> io::Result<usize> {
        let room = values.len() / self.value.max(1);
        let mut keys = vec![0_u32; room];
        if self.key != size_of::<u32>() || room == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // The kernel begins behind the key that it is told; at the first when it is told none.
        let before = first.wrapping_sub(1);
        let mut last = 0_u32;
        let mut ask = AskBatch {
            before: if first == 0 { 0 } else { address((&raw const before).cast()) },
            last: address((&raw mut last).cast()),
            keys: address(keys.as_mut_ptr().cast()),
            values: address(values.as_mut_ptr()),
            count: u32::try_from(room).unwrap_or(u32::MAX),
            map: self.fd.as_raw_fd() as u32,
            element_flags: 0,
            flags: 0,
        };
        // SAFETY: a key of an array is a `u32`, for each of which there is room, as there is for
        // `count` values; all of it is ours to write and there until the call is back.
        let done = unsafe { bpf(Command::MapLookUpBatch, &mut ask) };
        match done {
            // The end of the array came before that of the room.
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(error),
            _ => Ok(usize::try_from(ask.count).unwrap_or(0).min(room)),
        }
    }

    fn ask(&self, key: &[u8], value: u64) -> io::Result<AskElement> {
        if key.len() != self.key {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let map = self.fd.as_raw_fd() as u32;
        Ok(AskElement { map, _pad: 0, key: address(key.as_ptr()), value, flags: 0 })
    }
}

/// False of what is not there.
fn found(answer: io::Result<c_int>) -> io::Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Load a program that filters the packets of sockets. Each instruction is as `struct bpf_insn`
/// has it; what the kernel's verifier has to say of it stands in `log`, as text that a 0 ends.
pub(crate) fn load_filter(code: &[[u8; 8]], licence: &CStr, log: &mut [u8]) -> io::Result<OwnedFd> {
    const SOCKET_FILTER: u32 = 1;
    // The kernel takes a log of no length for none.
    let log_len = u32::try_from(log.len()).unwrap_or(0);
    let mut ask = AskProgram {
        kind: SOCKET_FILTER,
        instructions: u32::try_from(code.len()).unwrap_or(u32::MAX),
        code: address(code.as_ptr().cast()),
        licence: address(licence.as_ptr().cast()),
        log_level: u32::from(log_len > 0),
        log_len,
        log: if log_len > 0 { address(log.as_mut_ptr()) } else { 0 },
        version: 0,
        flags: 0,
        name: BPF_NAME,
    };
    // SAFETY: code, licence and log are there and as long as it says; the log is ours to write.
    // The kernel's verifier sees to it that the program itself harms nothing.
    let fd = unsafe { bpf(Command::ProgramLoad, &mut ask) }?;
    // SAFETY: the kernel just gave it to us, nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// From now on, that program filters what reaches the socket, in the place of any other.
pub(crate) fn attach_filter(socket: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, SOL_SOCKET, libc::SO_ATTACH_BPF, &program.as_raw_fd())
}

/// Have the cache line of an octet fetched while other work is done, where the processor can.
#[inline]
pub(crate) fn fetch_ahead(octets: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(octet) = octets.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it reads nothing and cannot fail; the address is that of an octet of ours.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *octet).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (octets, at);
}

/// Set an option to a plain structure.
fn set<T: Copy>(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: &T) -> io::Result<()> {
    let at = (&raw const *value).cast::<c_void>();
    let len = size_of::<T>() as u32;
    // SAFETY: the kernel reads `len` octets at most, which are there as long as the call lasts.
    checked(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, at, len) })
}

/// Read an option into a plain structure of numbers.
fn get<T: Copy>(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: &mut T,
) -> io::Result<()> {
    let at = (&raw mut *value).cast::<c_void>();
    let mut len = size_of::<T>() as u32;
    // SAFETY: the kernel writes `len` octets at most; callers give structures of numbers only, in
    // which all octets are values.
    checked(unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, at, &raw mut len) })
}

/// What a call answered, as a result.
fn checked(answer: c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
