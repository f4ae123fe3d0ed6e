//! How an interface fares: whether it is there, and up.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;

use crate::kernel::{self, Device};

/// What the kernel says of an interface at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Its number: one that was taken away and made anew has another.
    pub index: i32,
    /// Whether it is up.
    pub up: bool,
    /// Whether its link is there: a cable, the other end.
    pub carrier: bool,
    /// The most that it sends at once, in octets; 0: unknown.
    pub mtu: u32,
    /// How often its link was lost since it was made; 0 where the kernel does not tell.
    pub link_losses: u64,
}

/// Looks at one interface.
pub struct Interface {
    name: String,
    /// Any socket will do to ask; `None`: the name is none of an interface, e.g. `any`.
    socket: Option<UnixDatagram>,
}

impl Interface {
    /// Look at the interface of that name, which exists. What is no network interface of its own
    /// (`any`, a log group) is always up.
    #[must_use]
    pub fn new(name: &str) -> Interface {
        let socket = UnixDatagram::unbound().ok();
        let socket = socket.filter(|socket| device(socket, name).is_some());
        Interface { name: name.to_owned(), socket }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it fares now; `None`: it is gone.
    #[must_use]
    pub fn look(&self) -> Option<Condition> {
        let Some(socket) = &self.socket else {
            return Some(Condition { index: 0, up: true, carrier: true, mtu: 0, link_losses: 0 });
        };
        let Device { index, up, carrier, mtu, .. } = device(socket, &self.name)?;
        let link_losses = number_of(&self.name, "carrier_down_count");
        Some(Condition { index, up, carrier, mtu, link_losses })
    }
}

/// What the kernel says of it; `None`: there is none.
pub(crate) fn device(socket: &impl AsFd, name: &str) -> Option<Device> {
    kernel::device(socket.as_fd(), name).ok().flatten()
}

/// Whether frames of such an interface are those of Ethernet and nothing else (linux/if_arp.h).
pub(crate) fn is_ethernet(device: Device, name: &str) -> bool {
    const ETHER: u16 = 1;
    const LOOPBACK: u16 = 772;
    // A switch's own port puts a tag of the switch before or into each frame.
    let tagged = fs::read_to_string(format!("/sys/class/net/{name}/dsa/tagging"))
        .is_ok_and(|kind| kind.trim() != "none");
    matches!(device.hardware, ETHER | LOOPBACK) && !tagged
}

/// Packets that the interface or its driver had no room for, since it was made.
pub(crate) fn driver_drops(name: &str) -> u64 {
    let count = |what: &str| number_of(name, &format!("statistics/{what}"));
    count("rx_missed_errors").saturating_add(count("rx_fifo_errors"))
}

/// A number that the system tells of an interface; 0 where it does not.
fn number_of(name: &str, what: &str) -> u64 {
    let text = fs::read_to_string(format!("/sys/class/net/{name}/{what}"));
    text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
