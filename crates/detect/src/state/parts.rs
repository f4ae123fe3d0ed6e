//! The parts of a state: which memory stands where, entry by entry.

use std::net::IpAddr;
use std::sync::Arc;

use model::{DomainName, Mac, Timestamp};

use super::octets::{In, Out, Read};
use super::{Restored, StateFault, whom};
use crate::detector::{Detector, Hits};
use crate::limits::{FIRST_HOSTS_MAX, NAME_HOSTS_MAX, OTHER_NAMES_MAX};
use crate::memory::{Host, Interface, Lent, Prints, Seen, Sightings};

/// The key of all fingerprints.
const KEY: [u8; 4] = *b"KEY ";
/// When learning began, and the last packet.
const WATCH: [u8; 4] = *b"TIME";
/// Tables of what was met first.
const NAMES: [u8; 4] = *b"NAME";
const HOST_TOOLS: [u8; 4] = *b"HOST";
const TOOLS: [u8; 4] = *b"TOOL";
const OPERATORS: [u8; 4] = *b"OPER";
/// Names that lie.
const LURES: [u8; 4] = *b"LURE";
/// How often rules decided.
const HITS: [u8; 4] = *b"RULE";
/// Names lent to addresses.
const LENT: [u8; 4] = *b"LENT";
/// Who is behind an address, and which addresses an interface has.
const WHOM: [u8; 4] = *b"WHOM";
const FACES: [u8; 4] = *b"FACE";

/// Octets of an entry of a table of first sightings, without its hosts.
const SEEN_LEN: usize = 8 + 8 + 4 + 1;
/// Octets of a rule's counts, without its label.
const HITS_LEN: usize = 2 + 8 + 8 + 8;
/// Octets of a lent name, without the name.
const LENT_LEN: usize = 8 + 8 + 4 + 8 * OTHER_NAMES_MAX + 2;

/// Bits of an entry's flags; the count of hosts stands above them.
const LEARNT: u8 = 1;
const SETTLED: u8 = 2;
const HOSTS_SHIFT: u32 = 2;

/// About how many octets the parts take: no buffer has to grow while the analyst waits.
pub(super) fn len(from: &Detector) -> usize {
    let seen = |count: usize, hosts: usize| count * (SEEN_LEN + hosts * 2);
    let firsts = &from.firsts;
    seen(firsts.names.counts().0, 3)
        + seen(firsts.host_tools.counts().0, 0)
        + seen(firsts.tools.counts().0, FIRST_HOSTS_MAX)
        + seen(firsts.operators.counts().0, 3)
        + seen(from.lures.counts().0, FIRST_HOSTS_MAX)
        + from.hits.len() * (HITS_LEN + 64)
        + from.names.counts().0 * (LENT_LEN + 32)
        + from.identities.hosts().count() * 96
        + from.identities.interfaces().count() * 96
        + 4096
}

/// Write all parts.
pub(super) fn write(from: &Detector, out: &mut Out) {
    out.part(KEY, |out| from.firsts.prints.key().into_iter().for_each(|half| out.u64(half)));
    let watch = from.firsts.watch;
    out.part(WATCH, |out| {
        out.u8(u8::from(watch.begun.is_some()));
        out.u64(watch.begun.unwrap_or_default().nanos());
        out.u64(watch.last.nanos());
    });
    out.part(NAMES, |out| write_table(&from.firsts.names, out));
    out.part(HOST_TOOLS, |out| write_table(&from.firsts.host_tools, out));
    out.part(TOOLS, |out| write_table(&from.firsts.tools, out));
    out.part(OPERATORS, |out| write_table(&from.firsts.operators, out));
    out.part(LURES, |out| write_table(&from.lures.seen, out));
    out.part(HITS, |out| {
        out.u64(from.hits.len() as u64);
        for (label, hits) in &from.hits {
            out.text(label);
            out.u64(hits.uses);
            out.u64(hits.signs);
            out.u64(hits.last.nanos());
        }
    });
    out.part(LENT, |out| {
        // A name with an escape in it is none that a client of ours meant.
        let plain = || from.names.iter().filter(|(_, lent)| !lent.name.as_str().contains('\\'));
        out.u64(plain().count() as u64);
        for (print, lent) in plain() {
            out.u64(print);
            out.u64(lent.until.nanos());
            out.u32(lent.registered);
            for (print, until) in lent.others {
                out.u32(print);
                out.u32(until);
            }
            out.text(lent.name.as_str());
        }
    });
    let known = &from.identities;
    out.part(WHOM, |out| whom::write_hosts(known.hosts().count(), known.hosts(), out));
    out.part(FACES, |out| {
        whom::write_interfaces(known.interfaces().count(), known.interfaces(), out);
    });
}

fn write_table<const HOSTS: usize>(table: &Sightings<HOSTS>, out: &mut Out) {
    out.u64(table.counts().0 as u64);
    for (print, seen) in table.iter() {
        out.u64(print);
        out.u64(seen.first().nanos());
        out.u32(seen.last_secs());
        let learnt = if seen.learnt() { LEARNT } else { 0 };
        let settled = if seen.settled() { SETTLED } else { 0 };
        out.u8(learnt | settled | seen.hosts() << HOSTS_SHIFT);
        for host in seen.prints() {
            out.octets.extend_from_slice(&host.to_le_bytes());
        }
    }
}

/// All parts of a state, read and found possible.
#[derive(Default)]
pub(super) struct Parts {
    key: Option<[u64; 2]>,
    watch: Option<(Option<Timestamp>, Timestamp)>,
    names: Option<Table<NAME_HOSTS_MAX>>,
    host_tools: Option<Table<0>>,
    tools: Option<Table<FIRST_HOSTS_MAX>>,
    operators: Option<Table<FIRST_HOSTS_MAX>>,
    lures: Option<Table<FIRST_HOSTS_MAX>>,
    hits: Option<Vec<(Arc<str>, Hits)>>,
    lent: Option<Vec<(u64, Lent)>>,
    hosts: Option<Vec<(IpAddr, Host)>>,
    interfaces: Option<Vec<(Mac, Interface)>>,
}

type Table<const HOSTS: usize> = Vec<(u64, Seen<HOSTS>)>;

impl Parts {
    pub(super) fn read(mut body: In<'_>) -> Read<Parts> {
        let mut all = Parts::default();
        while !body.is_empty() {
            let at = body;
            let (tag, mut part) = body.part()?;
            let part = &mut part;
            let new = match tag {
                KEY => all.key.replace([part.u64()?, part.u64()?]).is_none(),
                WATCH => all.watch.replace(read_watch(part)?).is_none(),
                NAMES => all.names.replace(read_table(part)?).is_none(),
                HOST_TOOLS => all.host_tools.replace(read_table(part)?).is_none(),
                TOOLS => all.tools.replace(read_table(part)?).is_none(),
                OPERATORS => all.operators.replace(read_table(part)?).is_none(),
                LURES => all.lures.replace(read_table(part)?).is_none(),
                HITS => all.hits.replace(read_hits(part)?).is_none(),
                LENT => all.lent.replace(read_lent(part)?).is_none(),
                WHOM => all.hosts.replace(whom::read_hosts(part)?).is_none(),
                FACES => all.interfaces.replace(whom::read_interfaces(part)?).is_none(),
                _ => return at.impossible("a part that nobody knows"),
            };
            part.end()?;
            if !new {
                return at.impossible("a part that was there already");
            }
        }
        if all.key.is_none() {
            return body.impossible("no key of the fingerprints");
        }
        Ok(all)
    }

    /// Give it all to a detector.
    pub(super) fn give(self, to: &mut Detector) -> Restored {
        to.set_key(self.key.unwrap_or_else(|| Prints::FIXED.key()));
        let (begun, last) = self.watch.unwrap_or_default();
        let watch = &mut to.firsts.watch;
        (watch.begun, watch.last) = (begun, last);
        to.firsts.names.restore(self.names.unwrap_or_default());
        to.firsts.host_tools.restore(self.host_tools.unwrap_or_default());
        to.firsts.tools.restore(self.tools.unwrap_or_default());
        to.firsts.operators.restore(self.operators.unwrap_or_default());
        to.lures.seen.restore(self.lures.unwrap_or_default());
        for (label, hits) in self.hits.unwrap_or_default() {
            // A rule that the policy has no more counts no more.
            if let Some(known) = to.hits.get_mut(&label) {
                *known = hits;
            }
        }
        to.names.restore(self.lent.unwrap_or_default());
        to.identities.restore(self.hosts.unwrap_or_default(), self.interfaces.unwrap_or_default());
        let (names, uses) = (to.firsts.names.counts().0, to.firsts.host_tools.counts().0);
        Restored { last, names, uses }
    }
}

fn read_watch(part: &mut In<'_>) -> Read<(Option<Timestamp>, Timestamp)> {
    let begun = match part.u8()? {
        0 => None,
        1 => Some(()),
        _ => return part.impossible("a flag that is neither set nor not"),
    };
    let (first, last) = (part.u64()?, part.u64()?);
    Ok((begun.map(|()| Timestamp::from_nanos(first)), Timestamp::from_nanos(last)))
}

fn read_table<const HOSTS: usize>(part: &mut In<'_>) -> Read<Table<HOSTS>> {
    let count = part.count(SEEN_LEN)?;
    let mut table = Table::with_capacity(count);
    let mut hosts = [0u16; HOSTS];
    for _ in 0..count {
        let print = part.u64()?;
        let first = Timestamp::from_nanos(part.u64()?);
        let last = part.u32()?;
        let at = *part;
        let flags = part.u8()?;
        let met_by = usize::from(flags >> HOSTS_SHIFT);
        let Some(hosts) = hosts.get_mut(..met_by) else {
            return at.impossible("more hosts than are remembered");
        };
        for host in hosts.iter_mut() {
            *host = part.u16()?;
        }
        let (learnt, settled) = (flags & LEARNT != 0, flags & SETTLED != 0);
        let hosts = hosts.iter().copied();
        table.push((print, Seen::restored(first, last, learnt, settled, hosts)));
    }
    Ok(table)
}

fn read_hits(part: &mut In<'_>) -> Read<Vec<(Arc<str>, Hits)>> {
    let count = part.count(HITS_LEN)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let label = part.text()?.into();
        let (uses, signs, last) = (part.u64()?, part.u64()?, part.u64()?);
        all.push((label, Hits { uses, signs, last: Timestamp::from_nanos(last) }));
    }
    Ok(all)
}

fn read_lent(part: &mut In<'_>) -> Read<Vec<(u64, Lent)>> {
    let count = part.count(LENT_LEN)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let print = part.u64()?;
        let until = Timestamp::from_nanos(part.u64()?);
        let registered = part.u32()?;
        let mut others = [(0, 0); OTHER_NAMES_MAX];
        for other in &mut others {
            *other = (part.u32()?, part.u32()?);
        }
        let at = *part;
        let text = part.text()?;
        let name = match DomainName::from_text(text.as_bytes()) {
            Ok(name) if name.as_str() == text => name,
            _ => return at.wrong(StateFault::Impossible("a name that is none")),
        };
        all.push((print, Lent { name, until, registered, others }));
    }
    Ok(all)
}
