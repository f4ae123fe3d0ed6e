//! A working day of an organisation, in which campaigns are hidden, and the truth about it.
//!
//! What is said of tools stands in the catalogue, who uses them in the playbook; this knows
//! protocols, zones, hours, and how an office behaves. Frames leave in the order of time, with
//! memory bounded by the conversations that are open at once.

mod browsing;
mod campaigns;
mod friends;
mod house;
mod noise;
mod patterns;
mod people;
mod playbook;
mod plays;
mod policy;
mod tools;
mod truth;
mod web;

use std::io::{self, Write};
use std::net::Ipv4Addr;

use super::START;
use super::waiting::Waiting;
use crate::pcap::{Precision, Writer};
use campaigns::Plot;
use friends::Friends;
use house::{House, MINUTE};
use people::DIURNAL;
pub use playbook::Playbook;
use plays::{Part, parts};
pub use tools::Tool;
pub use truth::{Account, Campaign, Deed, Friend, Hidden, Played};

/// Sites that there are, for each host; and at least.
const SITES_PER_HOST: u64 = 12;
const SITES_MIN: u64 = 3_000;

/// How large the day is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Hosts of the organisation.
    pub hosts: u64,
    /// Tools in legitimate use.
    pub tools: usize,
    /// Campaigns that are hidden in the last day.
    pub campaigns: u64,
    /// Days, one to three: those before the last teach what is usual.
    pub days: u64,
    /// Another number, another day.
    pub seed: u64,
}

/// Why a day cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DayError(pub(crate) String);

impl From<io::Error> for DayError {
    fn from(why: io::Error) -> DayError {
        DayError(format!("the capture cannot be written: {why}"))
    }
}

/// Make the day and write its capture.
///
/// # Errors
/// When the plan, the playbook and the catalogue do not fit each other, or the capture cannot be
/// written.
pub fn day(
    plan: &Plan,
    book: &Playbook,
    catalogue: &[Tool],
    sink: impl Write,
) -> Result<Account, DayError> {
    if !(100..=20_000).contains(&plan.hosts) || !(1..=3).contains(&plan.days) {
        return Err(DayError("a day has 100 to 20,000 hosts, and up to two days before it".into()));
    }
    let sites = (plan.hosts * SITES_PER_HOST).max(SITES_MIN) as usize;
    let mut house = House::new(plan.hosts, sites, plan.seed);
    let parts = parts(plan, book, catalogue, &mut house)?;
    let mut shared = house.web.named("www.commerzbank.de").cloned().unwrap_or_else(|| house.site());
    shared.v4 = Ipv4Addr::new(198, 18, 0, 7);
    shared.v6 = None;
    shared.alias = Some(format!("bank.edge0.{}", "fastly.net"));
    let plots: Vec<Plot> = (0..plan.campaigns)
        .map(|number| Plot::new(number, book, catalogue, &parts, &shared, &mut house))
        .collect::<Result<_, _>>()?;
    let friends = Friends::new(book, catalogue, &parts, &shared, &mut house);
    let mut film = Film::new(sink)?;
    // Midnight by the clock of the first day: the capture's last day holds the common start.
    let midnight = START - START % (1_440 * MINUTE) - book.ahead_minutes * MINUTE;
    let begin = midnight - (plan.days.max(1) - 1) * 1_440 * MINUTE;
    let mut hidden = Hidden {
        seed: plan.seed,
        days: plan.days,
        begin,
        hosts: house.hosts.len() as u64,
        tools: parts.iter().map(|part| played(part, &house)).collect(),
        ..Hidden::default()
    };
    for minute in 0..plan.days * 1_440 {
        let now = begin + minute * MINUTE;
        if minute % 5 == 0 {
            house.forget(now);
        }
        everyone(&mut house, minute % 1_440, now, &book.domain);
        parts.iter().for_each(|part| part.play(minute % 1_440, now, &mut house));
        if minute >= (plan.days - 1) * 1_440 {
            let of_day = minute % 1_440;
            hidden.friends.extend(friends.play(of_day, now, &parts, &mut house));
            for plot in plots.iter().filter(|plot| plot.minute == of_day) {
                hidden.campaigns.push(plot.play(now, &book.domain, &mut house));
            }
        }
        film.take(&mut house.out);
        film.write(now)?;
    }
    film.write(u64::MAX)?;
    let (frames, captured_bytes) = film.finish()?;
    Ok(Account {
        frames,
        captured_bytes,
        conversations: house.conversations,
        hidden,
        policy: policy::policy(book, &parts),
    })
}

/// One minute of everyone's work.
fn everyone(house: &mut House, minute: u64, now: u64, domain: &str) {
    let busy = DIURNAL.get((minute / 60 % 24) as usize).copied().unwrap_or(5);
    for host in 0..house.hosts.len() {
        let Some(one) = house.host(host) else { continue };
        let (wakes, on) = (one.on.0 == minute, one.is_on(minute));
        if wakes {
            let at = now + house.chance(MINUTE);
            house.wake(host, at);
        } else if on {
            house.hum(host, now);
            house.desk(host, now, busy, domain);
        }
    }
    for _ in 0..house.hosts.len() as u64 * busy / 40_000 {
        let at = now + house.chance(MINUTE);
        house.letter(at);
    }
}

fn played(part: &Part, house: &House) -> Played {
    let address = |host: &usize| house.host(*host).map(|one| one.v4);
    Played {
        tool: part.tool.id.clone(),
        zones: part.zones.clone(),
        hosts: part.hosts.iter().filter_map(address).collect(),
        servers: part.servers.iter().map(|(site, _)| site.name.clone()).collect(),
    }
}

/// The capture in the making.
struct Film<W: Write> {
    writer: Writer<W>,
    waiting: Waiting,
    frames: u64,
    bytes: u64,
}

impl<W: Write> Film<W> {
    fn new(sink: W) -> io::Result<Film<W>> {
        let writer = Writer::new(sink, Precision::Microseconds)?;
        Ok(Film { writer, waiting: Waiting::default(), frames: 0, bytes: 0 })
    }

    fn take(&mut self, out: &mut Vec<crate::TimedFrame>) {
        self.waiting.add(std::mem::take(out));
    }

    /// Write what comes before `end`; each minute's work begins no earlier than the minute.
    fn write(&mut self, end: u64) -> io::Result<()> {
        while let Some((at, frame)) = self.waiting.before(end) {
            self.frames += 1;
            self.bytes += frame.len() as u64;
            self.writer.cut(at, &frame, on_the_wire(&frame))?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<(u64, u64)> {
        self.writer.finish()?;
        Ok((self.frames, self.bytes))
    }
}

/// How long a frame was on the wire, by the length in its IP header.
fn on_the_wire(frame: &[u8]) -> usize {
    let word = |at: usize| {
        let octets = frame.get(at..at + 2).and_then(|two| two.first_chunk::<2>());
        octets.map_or(0, |two| usize::from(u16::from_be_bytes(*two)))
    };
    let link = if word(12) == 0x8100 { 18 } else { 14 };
    let told = match word(link - 2) {
        0x0800 => link + word(link + 2),
        0x86DD => link + 40 + word(link + 4),
        _ => 0,
    };
    told.max(frame.len())
}
