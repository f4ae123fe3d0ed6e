//! Which rows stand at an address: one table a prefix length, asked from the narrowest on.

use std::hash::{BuildHasher as _, Hash};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::chains::{Chains, Head, NOBODY, Placed};

/// Who owns a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Owner {
    /// A row of the catalogue.
    Row(u32),
    /// An indicator of a feed.
    Listed(u32),
}

const LISTED: u32 = 1 << 30;

impl Owner {
    fn code(self) -> Option<u32> {
        let (kind, number) = match self {
            Owner::Row(row) => (0, row),
            Owner::Listed(number) => (LISTED, number),
        };
        (number < LISTED).then_some(kind | number)
    }

    fn of(code: u32) -> Owner {
        match code & LISTED {
            0 => Owner::Row(code),
            _ => Owner::Listed(code & !LISTED),
        }
    }
}

/// Networks and their owners. An IPv4 network costs nine octets in a table that is at least 7/16
/// full, an IPv6 one 21.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkTable {
    v4: Family<4>,
    v6: Family<16>,
    chains: Chains,
}

/// The octets of a network's address and its head, packed.
type Row<const OCTETS: usize> = ([u8; OCTETS], [u8; 4]);

/// The networks of one family, by prefix length, the narrowest first.
#[derive(Clone, Debug)]
struct Family<const OCTETS: usize> {
    by_len: Vec<(u8, HashTable<Row<OCTETS>>)>,
    /// Keyed: what is looked up comes from the wire.
    hasher: RandomState,
}

impl<const OCTETS: usize> Default for Family<OCTETS> {
    fn default() -> Self {
        Family { by_len: Vec::new(), hasher: RandomState::default() }
    }
}

impl<const OCTETS: usize> Family<OCTETS>
where
    [u8; OCTETS]: Hash,
{
    fn update<T>(
        &mut self,
        len: u8,
        bits: [u8; OCTETS],
        change: impl FnOnce(Head) -> Option<(Head, T)>,
    ) -> Option<T> {
        let place = match self.by_len.binary_search_by(|(other, _)| len.cmp(other)) {
            Ok(place) => place,
            Err(place) => {
                self.by_len.insert(place, (len, HashTable::new()));
                place
            }
        };
        let (_, table) = self.by_len.get_mut(place)?;
        let hasher = &self.hasher;
        let hash = hasher.hash_one(bits);
        if let Some((_, head)) = table.find_mut(hash, |(other, _)| *other == bits) {
            let (changed, told) = change(Head::from_ne_bytes(*head))?;
            *head = changed.to_ne_bytes();
            return Some(told);
        }
        let (head, told) = change(NOBODY)?;
        table.insert_unique(hash, (bits, head.to_ne_bytes()), |(bits, _)| hasher.hash_one(bits));
        Some(told)
    }

    fn walk(&self, bits: [u8; OCTETS], each: &mut impl FnMut(u8, Head)) {
        for (len, table) in &self.by_len {
            let bits = masked(bits, *len);
            let hash = self.hasher.hash_one(bits);
            if let Some((_, head)) = table.find(hash, |(other, _)| *other == bits) {
                each(*len, Head::from_ne_bytes(*head));
            }
        }
    }

    fn for_each(&self, each: &mut impl FnMut([u8; OCTETS], u8, Head)) {
        for (len, table) in &self.by_len {
            for (bits, head) in table {
                each(*bits, *len, Head::from_ne_bytes(*head));
            }
        }
    }
}

/// The first `len` bits; the others become zero.
fn masked<const OCTETS: usize>(bits: [u8; OCTETS], len: u8) -> [u8; OCTETS] {
    let mut wide = [0u8; 16];
    wide.iter_mut().zip(bits).for_each(|(place, octet)| *place = octet);
    let mask = u128::MAX.checked_shl(128u32.saturating_sub(u32::from(len))).unwrap_or(0);
    let wide = (u128::from_be_bytes(wide) & mask).to_be_bytes();
    wide.first_chunk().copied().unwrap_or(bits)
}

impl NetworkTable {
    /// Note that `owner` owns the network. `false`: there is no more place.
    pub(crate) fn insert(&mut self, network: &IpNet, owner: Owner) -> bool {
        self.insert_unless(network, owner, |_| false) != Placed::Full
    }

    /// The same, unless the network has an owner that is as good.
    pub(crate) fn insert_unless(
        &mut self,
        network: &IpNet,
        owner: Owner,
        as_good: impl Fn(Owner) -> bool,
    ) -> Placed {
        let Some(code) = owner.code() else { return Placed::Full };
        let NetworkTable { v4, v6, chains } = self;
        let change = |head: Head| {
            if let Some(other) = chains.owners(head).find(|code| as_good(Owner::of(*code))) {
                return Some((head, Placed::Again(other & !LISTED)));
            }
            Some((chains.with(head, code)?, Placed::New))
        };
        let len = network.prefix_len();
        let placed = match network.network() {
            IpAddr::V4(ip) => v4.update(len, ip.octets(), change),
            IpAddr::V6(ip) => v6.update(len, ip.octets(), change),
        };
        placed.unwrap_or(Placed::Full)
    }

    /// Give the owners of each network that holds the address, narrowest first.
    pub(crate) fn walk(&self, ip: IpAddr, each: &mut impl FnMut(u8, Owner)) {
        let mut give = |len: u8, head: Head| {
            self.chains.owners(head).for_each(|code| each(len, Owner::of(code)));
        };
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.v4.walk(ip.octets(), &mut give),
            IpAddr::V6(ip) => self.v6.walk(ip.octets(), &mut give),
        }
    }

    /// The owners of just this network.
    pub(crate) fn owners(&self, network: &IpNet) -> Vec<Owner> {
        let mut found = Vec::new();
        self.walk(network.network(), &mut |len, owner| {
            if len == network.prefix_len() {
                found.push(owner);
            }
        });
        found
    }

    /// Each network and its owners, in no order.
    pub(crate) fn for_each(&self, mut each: impl FnMut(IpNet, Owner)) {
        let mut give = |network: IpNet, head: Head| {
            self.chains.owners(head).for_each(|code| each(network, Owner::of(code)));
        };
        self.v4.for_each(&mut |bits, len, head| {
            if let Ok(network) = Ipv4Net::new(Ipv4Addr::from(bits), len) {
                give(network.into(), head);
            }
        });
        self.v6.for_each(&mut |bits, len, head| {
            if let Ok(network) = Ipv6Net::new(Ipv6Addr::from(bits), len) {
                give(network.into(), head);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_network_comes_first() {
        let mut table = NetworkTable::default();
        for (number, text) in
            ["0.0.0.0/0", "192.0.2.0/24", "192.0.2.7/32", "192.0.2.0/24", "2001:db8::/32", "::/0"]
                .iter()
                .enumerate()
        {
            table.insert(&text.parse().unwrap(), Owner::Row(u32::try_from(number).unwrap()));
        }
        let cases: &[(&str, &[u32])] = &[
            ("192.0.2.7", &[2, 3, 1, 0]),
            ("::ffff:192.0.2.7", &[2, 3, 1, 0]),
            ("192.0.3.7", &[0]),
            ("2001:db8:1::", &[4, 5]),
            ("2001:db9::", &[5]),
        ];
        for (ip, want) in cases {
            let mut found = Vec::new();
            table.walk(ip.parse().unwrap(), &mut |_, owner| found.push(owner));
            let want: Vec<_> = want.iter().map(|number| Owner::Row(*number)).collect();
            assert_eq!(found, want, "{ip}");
        }
    }

    #[test]
    fn bits_behind_the_prefix_fall_away() {
        let table = [
            ([255; 4], 0, [0, 0, 0, 0]),
            ([255; 4], 1, [128, 0, 0, 0]),
            ([255; 4], 9, [255, 128, 0, 0]),
            ([255; 4], 24, [255, 255, 255, 0]),
            ([255; 4], 32, [255; 4]),
        ];
        for (bits, len, want) in table {
            assert_eq!(masked(bits, len), want, "{len}");
        }
    }

    #[test]
    fn a_list_that_repeats_itself_owns_a_network_once() {
        let mut table = NetworkTable::default();
        let net: IpNet = "198.51.100.7/32".parse().unwrap();
        let listed = |owner: Owner| matches!(owner, Owner::Listed(_));
        assert_eq!(table.insert_unless(&net, Owner::Listed(4), listed), Placed::New);
        assert_eq!(table.insert_unless(&net, Owner::Listed(5), listed), Placed::Again(4));
        assert!(table.insert(&net, Owner::Row(5)));
        assert_eq!(table.owners(&net), [Owner::Row(5), Owner::Listed(4)]);
        assert_eq!(table.owners(&"198.51.100.0/24".parse().unwrap()), []);
    }
}
