//! Tools in legitimate use: who has them, whose servers they talk to, and how they sound.

use std::net::Ipv4Addr;

use super::house::{House, Load, MINUTE, SECOND};
use super::playbook::{Play, Playbook, Style};
use super::tools::{Server, Tool};
use super::web::{Site, server_v6};
use super::{DayError, Plan};
use crate::random::Random;
use crate::tcp::Side;

/// A tool as it is played.
pub(super) struct Part {
    pub(super) tool: Tool,
    pub(super) style: Style,
    pub(super) zones: Vec<String>,
    pub(super) hours: Option<(u64, u64)>,
    /// Its servers, relays first; and whether each name says whose tenant it is.
    pub(super) servers: Vec<(Site, bool)>,
    /// Names that its users and its software meet besides.
    others: Vec<Site>,
    pub(super) own: bool,
    pub(super) hosts: Vec<usize>,
    /// Minutes from one call home to the next.
    period: u64,
}

/// Style, zones, hosts of 2,000, hours.
type Drawn = (Style, &'static [&'static str], u64, Option<(u64, u64)>);
/// How a drawn tool is used, where the playbook does not say.
const DRAWN: [Drawn; 7] = [
    (Style::Agent, &["office"], 14, None),
    (Style::Session, &["helpdesk"], 8, Some((7, 19))),
    (Style::Agent, &["office", "vpn"], 20, None),
    (Style::Session, &["vdi"], 8, Some((6, 20))),
    (Style::Agent, &["servers"], 10, None),
    (Style::Session, &["developers"], 6, None),
    (Style::Session, &["vpn"], 6, Some((6, 23))),
];

/// The first address of the tools' servers; each has sixteen.
const SERVERS: u32 = 0xC613_1000;

/// The tools of the day: those of the playbook, then such as are drawn.
pub(super) fn parts(
    plan: &Plan,
    book: &Playbook,
    catalogue: &[Tool],
    house: &mut House,
) -> Result<Vec<Part>, DayError> {
    let mut parts: Vec<Part> = Vec::new();
    for play in book.plays.iter().take(plan.tools) {
        let tool = find(catalogue, &play.tool)?;
        parts.push(part(plan, book, tool, play, parts.len(), house)?);
    }
    let roles = &book.campaigns;
    let taken = [&roles.first, &roles.hosted, &roles.nameless, &roles.phone];
    let mut rest: Vec<&Tool> = catalogue.iter().collect();
    rest.retain(|tool| tool.can_be_played() && tool.by_protocol().is_none());
    rest.retain(|tool| !taken.contains(&&tool.id) && !tool.is_self_hosted());
    rest.retain(|tool| !book.plays.iter().any(|play| play.tool == tool.id));
    house.random.shuffle(&mut rest);
    for tool in rest.into_iter().take(plan.tools.saturating_sub(parts.len())) {
        let number = parts.len();
        let Some((style, zones, hosts, hours)) = DRAWN.get(number % DRAWN.len()) else { break };
        let play = Play {
            tool: tool.id.clone(),
            style: *style,
            zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
            hosts: *hosts,
            hours: *hours,
            own_server: None,
        };
        parts.push(part(plan, book, tool, &play, number, house)?);
    }
    match parts.len() < plan.tools {
        true => Err(DayError(format!("only {} tools can be played", parts.len()))),
        false => Ok(parts),
    }
}

pub(super) fn find<'c>(catalogue: &'c [Tool], id: &str) -> Result<&'c Tool, DayError> {
    let known = catalogue.iter().find(|tool| tool.id == id);
    known.ok_or_else(|| DayError(format!("the catalogue has no tool `{id}`")))
}

fn part(
    plan: &Plan,
    book: &Playbook,
    tool: &Tool,
    play: &Play,
    number: usize,
    house: &mut House,
) -> Result<Part, DayError> {
    let first = Ipv4Addr::from(SERVERS + 16 * number as u32);
    let servers = match &play.own_server {
        Some(label) => {
            vec![(Site::alone(&format!("{label}.{}", book.domain), first), true)]
        }
        None => sites(tool, &book.tenant, first, &mut house.random),
    };
    let inside = play.style == Style::Inside;
    if servers.is_empty() && !inside {
        return Err(DayError(format!("`{}` shows no server by a name", tool.id)));
    }
    let mut hosts: Vec<usize> = Vec::new();
    for zone in &play.zones {
        hosts.extend(house.of_zone(zone));
    }
    if hosts.is_empty() {
        return Err(DayError(format!("`{}` is played in no zone that there is", tool.id)));
    }
    house.random.shuffle(&mut hosts);
    let wanted = (play.hosts * plan.hosts).div_ceil(2_000).max(1);
    hosts.truncate(wanted as usize);
    hosts.sort_unstable();
    let place = u32::from(first) + 8;
    let others = tool.others().into_iter().zip(place..);
    Ok(Part {
        tool: tool.clone(),
        others: others.map(|(name, at)| Site::alone(&name, at.into())).collect(),
        style: play.style,
        zones: play.zones.clone(),
        hours: play.hours,
        servers,
        own: play.own_server.is_some(),
        hosts,
        period: [15, 30, 60].get(number % 3).copied().unwrap_or(30),
    })
}

/// The servers of a tenant, one address each.
pub(super) fn sites(
    tool: &Tool,
    tenant: &str,
    first: Ipv4Addr,
    random: &mut Random,
) -> Vec<(Site, bool)> {
    let servers = tool.servers(tenant, random);
    let dual = random.between(0, 3) == 0;
    let places = u32::from(first)..;
    let site = |(server, place): (Server, u32)| {
        let v6 = dual.then(|| server_v6(place));
        (Site { v6, ..Site::alone(&server.name, place.into()) }, server.tenant)
    };
    servers.into_iter().zip(places).map(site).collect()
}

impl Part {
    /// Whether it may be used at this minute of the clock.
    fn is_open(&self, minute: u64) -> bool {
        let hour = minute % 1440 / 60;
        match self.hours {
            None => true,
            Some((from, to)) if from < to => (from..to).contains(&hour),
            Some((from, to)) => hour >= from || hour < to,
        }
    }

    /// Hours from this minute of the clock on until it may not be used any more.
    fn hours_left(&self, minute: u64) -> u64 {
        let hour = minute % 1440 / 60;
        self.hours.map_or(24, |(_, to)| (to + 24 - hour) % 24)
    }

    /// What it does in this minute of the clock.
    pub(super) fn play(&self, minute: u64, now: u64, house: &mut House) {
        for (place, host) in self.hosts.iter().enumerate() {
            let on = house.host(*host).is_some_and(|host| host.is_on(minute));
            // Who works at night has come for it.
            let night = self.hours.is_some_and(|(from, to)| from > to);
            if !(on || night) || !self.is_open(minute) {
                continue;
            }
            let at = now + house.chance(MINUTE);
            if house.chance(400) == 0 {
                self.besides(*host, at, house);
            }
            match self.style {
                Style::Agent => self.agent(*host, minute + place as u64 * 7, at, house),
                Style::Session | Style::Inside => {
                    if self.hours_left(minute) > 1 && house.chance(300) == 0 {
                        self.session(*host, at, house);
                    }
                }
            }
        }
    }

    /// It stays connected to its relay, two hours at a time, and calls home besides.
    fn agent(&self, host: usize, turn: u64, at: u64, house: &mut House) {
        if turn.is_multiple_of(120) {
            let seconds = house.random.between(5_400, 7_000);
            let turns = seconds / 600;
            self.contact(host, at, (turns * 130, turns * 90, seconds, 600), house);
        } else if let (true, Some((site, _))) =
            (turn.is_multiple_of(self.period), self.servers.get(1))
        {
            let down = house.random.between(300, 4_000);
            house.tls(host, at, site, &Load::page(Some(&site.name), down));
        }
    }

    /// It looks for news, or someone reads about it.
    fn besides(&self, host: usize, at: u64, house: &mut House) {
        let place = house.chance(self.others.len() as u64) as usize;
        if let Some(site) = self.others.get(place) {
            let down = house.random.between(2_000, 3_000_000);
            house.tls(host, at, site, &Load::page(Some(&site.name), down));
        }
    }

    /// Someone is helped: minutes to an hour.
    fn session(&self, host: usize, at: u64, house: &mut House) {
        let mut at = at;
        for (site, _) in self.servers.iter().skip(1).take(2) {
            at = house.tls(host, at, site, &Load::page(Some(&site.name), 6_000)) + SECOND;
        }
        let seconds = house.random.between(180, 2_700);
        let down = house.random.between(1_000_000, 9_000_000);
        self.contact(host, at, (down / 12, down, seconds, 20), house);
    }

    /// A conversation with its first server, as the tool is known by; when it is over.
    pub(super) fn contact(
        &self,
        host: usize,
        at: u64,
        load: (u64, u64, u64, u64),
        house: &mut House,
    ) -> u64 {
        match (self.servers.first(), self.tool.by_protocol()) {
            (Some((site, _)), _) => {
                let port = if self.own { self.tool.port() } else { None };
                speak(&self.tool, site, port, (host, at), load, house)
            }
            (None, Some(protocol)) => self.reach_inside(protocol, (host, at), load, house),
            (None, None) => at,
        }
    }

    /// From one host to a server of ours.
    fn reach_inside(
        &self,
        protocol: &str,
        (host, at): (usize, u64),
        load: (u64, u64, u64, u64),
        house: &mut House,
    ) -> u64 {
        let servers = house.of_zone("servers");
        let place = house.chance(servers.len() as u64) as usize;
        let to = servers.get(place).and_then(|number| house.host(*number)).map(|host| host.v4);
        let (Some(to), Some((port, spoken))) = (to, greeting(protocol)) else { return at };
        house.stream((host, at), (to.into(), port), &spoken, load)
    }
}

/// What is said, and by whom.
type Spoken = Vec<(Side, Vec<u8>)>;

/// What both ends of a protocol say first, and its port (MS-RDPBCGR §2.2.1, RFC 6143 §7.1.1,
/// RFC 4253 §4.2).
fn greeting(protocol: &str) -> Option<(u16, Spoken)> {
    let (client, server) = (Side::Client, Side::Server);
    Some(match protocol {
        "rdp" => {
            let mut ask = vec![3, 0, 0, 43, 38, 0xE0, 0, 0, 0, 0, 0];
            ask.extend(b"Cookie: mstshash=admin\r\n");
            ask.extend([1, 0, 8, 0, 3, 0, 0, 0]);
            let answer = vec![3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 2, 1, 8, 0, 2, 0, 0, 0];
            (3389, vec![(client, ask), (server, answer)])
        }
        "vnc" => {
            let version = b"RFB 003.008\n".to_vec();
            (5900, vec![(server, version.clone()), (client, version)])
        }
        "ssh" => {
            let version = b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec();
            (22, vec![(server, version.clone()), (client, version)])
        }
        _ => return None,
    })
}

/// Talk to a server of a tool as the tool does: by its first octets, its ALPN, or its name.
pub(super) fn speak(
    tool: &Tool,
    site: &Site,
    port: Option<u16>,
    (host, at): (usize, u64),
    (up, down, seconds, pace): (u64, u64, u64, u64),
    house: &mut House,
) -> u64 {
    // What carries a session is a stream; programs that wait say so in datagrams, too.
    let idle = up.max(down) < 100_000;
    if let Some(first) = tool.first_octets("udp").filter(|_| idle && house.chance(2) == 0) {
        let at = house.resolve(host, at, site);
        let route = house.route(host, site.v4.into(), port.or(tool.port()).unwrap_or(443));
        for turn in 0..(seconds / 15).min(40) {
            let octets = first.octets(&mut house.random);
            let (ask, answer) =
                if first.side == "server" { (vec![1; 24], octets) } else { (octets, vec![2; 24]) };
            house.datagrams(&route, at + turn * 15 * SECOND, &ask, &answer);
        }
        return at + seconds * SECOND;
    }
    if let Some(first) = tool.first_octets("tcp") {
        let at = if site.name.is_empty() { at } else { house.resolve(host, at, site) };
        let side = if first.side == "server" { Side::Server } else { Side::Client };
        let octets = first.octets(&mut house.random);
        let port = port.or(tool.port()).unwrap_or(443);
        let over_v6 = house.host(host).is_some_and(|host| host.v6.is_some());
        let to = (site.address(over_v6), port);
        return house.stream((host, at), to, &[(side, octets)], (up, down, seconds, pace));
    }
    let alpn = tool.alpn();
    let offered: Vec<&str> = alpn.iter().map(String::as_str).collect();
    // A program that is known by what it offers tells no name.
    let named = Some(site.name.as_str()).filter(|_| alpn.is_none());
    let web = Load::page(named, down);
    let load = Load {
        alpn: if offered.is_empty() { web.alpn } else { &offered },
        up,
        seconds,
        pace,
        port: port.unwrap_or(443),
        ..web
    };
    house.tls(host, at, site, &load)
}
