//! Which rows stand at an address: one table a family, asked once for each prefix length in use.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::fast::RandomState;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Who owns a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Owner {
    /// A row of the catalogue.
    Row(u32),
    /// An indicator of a feed.
    Listed(u32),
}

/// Networks and their owners.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkTable {
    v4: Family<u32>,
    v6: Family<u128>,
    owned: Vec<(Owner, u32)>,
}

#[derive(Clone, Debug)]
struct Family<A> {
    heads: HashMap<(A, u8), u32, RandomState>,
    /// The prefix lengths in use.
    lens: BTreeSet<u8>,
}

impl<A> Default for Family<A> {
    fn default() -> Family<A> {
        Family { heads: HashMap::default(), lens: BTreeSet::new() }
    }
}

const NONE: u32 = u32::MAX;

impl NetworkTable {
    /// Note that `owner` owns the network.
    pub(crate) fn insert(&mut self, network: &IpNet, owner: Owner) {
        let Ok(number) = u32::try_from(self.owned.len()) else { return };
        let len = network.prefix_len();
        let before = match network.network() {
            IpAddr::V4(ip) => {
                self.v4.lens.insert(len);
                self.v4.heads.insert((ip.to_bits(), len), number)
            }
            IpAddr::V6(ip) => {
                self.v6.lens.insert(len);
                self.v6.heads.insert((ip.to_bits(), len), number)
            }
        };
        self.owned.push((owner, before.unwrap_or(NONE)));
    }

    /// Give the owners of each network that holds the address, narrowest first.
    pub(crate) fn walk(&self, ip: IpAddr, each: &mut impl FnMut(u8, Owner)) {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let bits = ip.to_bits();
                for len in self.v4.lens.iter().rev() {
                    let mask = u32::MAX.checked_shl(32 - u32::from(*len)).unwrap_or(0);
                    self.chain(self.v4.heads.get(&(bits & mask, *len)), *len, each);
                }
            }
            IpAddr::V6(ip) => {
                let bits = ip.to_bits();
                for len in self.v6.lens.iter().rev() {
                    let mask = u128::MAX.checked_shl(128 - u32::from(*len)).unwrap_or(0);
                    self.chain(self.v6.heads.get(&(bits & mask, *len)), *len, each);
                }
            }
        }
    }

    /// Each network and its owners, in no order.
    pub(crate) fn for_each(&self, mut each: impl FnMut(IpNet, Owner)) {
        for ((bits, len), head) in &self.v4.heads {
            if let Ok(network) = Ipv4Net::new(Ipv4Addr::from_bits(*bits), *len) {
                self.chain(Some(head), *len, &mut |_, owner| each(network.into(), owner));
            }
        }
        for ((bits, len), head) in &self.v6.heads {
            if let Ok(network) = Ipv6Net::new(Ipv6Addr::from_bits(*bits), *len) {
                self.chain(Some(head), *len, &mut |_, owner| each(network.into(), owner));
            }
        }
    }

    fn chain(&self, head: Option<&u32>, len: u8, each: &mut impl FnMut(u8, Owner)) {
        let mut next = head.copied().unwrap_or(NONE);
        while let Some((owner, after)) = usize::try_from(next).ok().and_then(|i| self.owned.get(i))
        {
            each(len, *owner);
            next = *after;
        }
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
}
