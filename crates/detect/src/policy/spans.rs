//! Networks as stretches of addresses: which of them hold an address, without asking each.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks, the longest prefix first, as stretches of addresses.
///
/// Networks lie within each other or apart. So the address space falls into stretches at whose
/// addresses the same networks hold, and each network has one next longer that holds it too: one
/// binary search finds the first, however many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    v4: Family,
    v6: Family,
    /// The network after each that holds all of it.
    after: Vec<Option<usize>>,
}

/// The stretches of one address family.
#[derive(Clone, Debug, Default)]
struct Family {
    /// The first address of each, and the first network there; before the first there is none.
    starts: Vec<(u128, Option<usize>)>,
}

impl Spans {
    /// The stretches of `networks`, each longest prefix before the shorter ones.
    pub(super) fn new(networks: &[IpNet]) -> Spans {
        let mut after = vec![None; networks.len()];
        let all = networks.iter().enumerate();
        let v4 = all.clone().filter(|(_, network)| matches!(network, IpNet::V4(_)));
        let v6 = all.filter(|(_, network)| matches!(network, IpNet::V6(_)));
        Spans { v4: Family::new(v4, &mut after), v6: Family::new(v6, &mut after), after }
    }

    /// The places of the networks that hold an address, in their order. The address is canonical.
    pub(super) fn holding(&self, ip: IpAddr) -> impl Iterator<Item = usize> {
        let family = if ip.is_ipv4() { &self.v4 } else { &self.v6 };
        let next = |place: &usize| self.after.get(*place).copied().flatten();
        std::iter::successors(family.first(number(ip)), next)
    }
}

impl Family {
    fn new<'a>(
        networks: impl Iterator<Item = (usize, &'a IpNet)>,
        after: &mut [Option<usize>],
    ) -> Family {
        let ends = |network: &IpNet| (number(network.network()), number(network.broadcast()));
        let mut all: Vec<_> = networks.map(|(place, network)| (ends(network), place)).collect();
        // What holds another before it; of equals the later one.
        all.sort_by_key(|&((start, end), place)| {
            (start, std::cmp::Reverse(end), std::cmp::Reverse(place))
        });
        let mut family = Family::default();
        // Networks that hold the address that was reached, the innermost last.
        let mut open: Vec<(u128, usize)> = Vec::new();
        for ((start, end), place) in all {
            family.leave(&mut open, Some(start));
            if let Some(slot) = after.get_mut(place) {
                *slot = open.last().map(|(_, outer)| *outer);
            }
            open.push((end, place));
            family.begin(start, Some(place));
        }
        family.leave(&mut open, None);
        family
    }

    /// Networks that end before an address; all, where there is none.
    fn leave(&mut self, open: &mut Vec<(u128, usize)>, before: Option<u128>) {
        while let Some((end, _)) = open.pop_if(|(end, _)| before.is_none_or(|at| *end < at)) {
            // Behind the last address there is none to ask for.
            if let Some(next) = end.checked_add(1) {
                self.begin(next, open.last().map(|(_, outer)| *outer));
            }
        }
    }

    fn begin(&mut self, at: u128, network: Option<usize>) {
        match self.starts.last_mut() {
            Some((start, known)) if *start == at => *known = network,
            _ => self.starts.push((at, network)),
        }
    }

    fn first(&self, ip: u128) -> Option<usize> {
        let place = self.starts.partition_point(|(start, _)| *start <= ip);
        self.starts.get(place.checked_sub(1)?)?.1
    }
}

/// An address as a number of its own family.
fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        let mut all: Vec<IpNet> = texts.iter().map(|text| text.parse().expect(text)).collect();
        all.sort_by_key(|network| std::cmp::Reverse(network.prefix_len()));
        all
    }

    /// Whether the stretches say at each of these addresses what asking each network says.
    fn holds(networks: &[IpNet], ip: IpAddr) {
        let spans = Spans::new(networks);
        let got: Vec<usize> = spans.holding(ip).collect();
        let all = networks.iter().enumerate();
        let want: Vec<usize> =
            all.filter(|(_, network)| network.contains(&ip)).map(|(place, _)| place).collect();
        assert_eq!(got, want, "{ip} of {networks:?}");
    }

    #[test]
    fn the_stretches_say_what_asking_each_network_says() {
        let table: &[&[&str]] = &[
            &[],
            &["0.0.0.0/0", "255.255.255.255/32", "0.0.0.0/32", "::/0"],
            &["10.0.0.0/8", "10.20.0.0/16", "10.20.0.0/16", "10.21.0.0/16", "10.20.255.255/32"],
            &["10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8", "11.0.0.0/8"],
            &["2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::/64", "fe80::/10", "10.0.0.0/8"],
            &["ffff::/16", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"],
        ];
        for texts in table {
            let networks = networks(texts);
            // Every border, from both sides, and addresses far from all.
            let mut asked: Vec<IpAddr> =
                ["192.0.2.1", "::1", "2001:db8:1::7"].map(|ip| ip.parse().expect(ip)).into();
            for network in &networks {
                for edge in [network.network(), network.broadcast()] {
                    let near = |step: i8| match edge {
                        IpAddr::V4(ip) => {
                            let ip = ip.to_bits().wrapping_add_signed(step.into());
                            IpAddr::V4(ip.into())
                        }
                        IpAddr::V6(ip) => {
                            let ip = ip.to_bits().wrapping_add_signed(step.into());
                            IpAddr::V6(ip.into())
                        }
                    };
                    asked.extend([near(-1), edge, near(1)]);
                }
            }
            asked.into_iter().for_each(|ip| holds(&networks, ip));
        }
    }
}
