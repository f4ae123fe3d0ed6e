//! What is hidden in the last day: a victim led to a program by mail, without a telling word, or by
//! a voice on the phone.

use std::net::Ipv4Addr;

use super::DayError;
use super::house::{House, Load, MINUTE, SECOND};
use super::playbook::Playbook;
use super::plays::{Part, find, sites, speak};
use super::tools::Tool;
use super::truth::{Campaign, Deed};
use super::web::{Site, made_up};
use crate::http::Body;

/// Addresses of the intruders, kept for documentation (RFC 5737); eight each.
const INTRUDERS: u32 = 0xCB00_7100;

/// What a campaign is made of, before it is played.
pub(super) struct Plot {
    number: u64,
    host: usize,
    bystanders: Vec<usize>,
    /// Minutes of the day, by the clock.
    pub(super) minute: u64,
    lure: Site,
    second: Site,
    first: Tool,
    hosted: Tool,
    nameless: Tool,
    phone: Tool,
}

/// The minutes of the day at which campaigns begin, by the clock.
const MINUTES: [u64; 3] = [10 * 60 + 12, 13 * 60 + 41, 15 * 60 + 23];

impl Plot {
    /// Plan the `number`th campaign. The lure of one led by mail stands on `shared`, an address of
    /// a content network.
    pub(super) fn new(
        number: u64,
        book: &Playbook,
        catalogue: &[Tool],
        parts: &[Part],
        shared: &Site,
        house: &mut House,
    ) -> Result<Plot, DayError> {
        let minute = MINUTES.get((number % 3) as usize).copied().unwrap_or(600) + number / 3 * 17;
        let busy = |host: &usize| parts.iter().any(|part| part.hosts.contains(host));
        let mut offices = house.of_zone("office");
        offices.retain(|host| {
            let one = house.host(*host);
            one.is_some_and(|one| one.is_on(minute) && one.is_on(minute + 70) && !one.private_dns)
        });
        let quiet: Vec<usize> = offices.iter().copied().filter(|host| !busy(host)).collect();
        let people = if quiet.len() > 20 { quiet } else { offices };
        if people.len() < 6 {
            return Err(DayError("there are too few hosts in the offices".into()));
        }
        // Each campaign has a part of the offices of its own, so that no host is met by two.
        let place = (number as usize * people.len() / 7 + people.len() / 9) % people.len();
        let nth = |more: usize| people.get((place + more) % people.len()).copied().unwrap_or(0);
        let address = |more: u32| Ipv4Addr::from(INTRUDERS + 8 * number as u32 + more);
        let lure = match number % 3 {
            0 => Site { name: lying_name(book, house), ..shared.clone() },
            _ => Site::alone(&format!("{}.com", made_up(&mut house.random)), address(1)),
        };
        let second = format!("{}.{}", made_up(&mut house.random), ending(book, house));
        let tool = |id: &String| find(catalogue, id).cloned();
        Ok(Plot {
            number,
            host: nth(0),
            bystanders: if number.is_multiple_of(3) { vec![nth(1), nth(2)] } else { Vec::new() },
            minute,
            lure,
            second: Site::alone(&second, address(2)),
            first: tool(&book.campaigns.first)?,
            hosted: tool(&book.campaigns.hosted)?,
            nameless: tool(&book.campaigns.nameless)?,
            phone: tool(&book.campaigns.phone)?,
        })
    }

    /// Play it from `now` on.
    pub(super) fn play(&self, now: u64, domain: &str, house: &mut House) -> Campaign {
        let (kind, deeds) = match self.number % 3 {
            0 => ("mail", self.by_mail(now, domain, house)),
            1 => ("wordless", self.wordless(now, house)),
            _ => ("phone", self.by_phone(now, house)),
        };
        let address = |host: usize| house.host(host).map_or(Ipv4Addr::UNSPECIFIED, |one| one.v4);
        Campaign {
            kind,
            host: address(self.host),
            deeds,
            bystanders: self.bystanders.iter().map(|host| address(*host)).collect(),
        }
    }

    /// A letter, a lure that speaks, a program in clear, another one from a second name, a tool on
    /// its vendor's relays, and one that the intruders host themselves.
    fn by_mail(&self, now: u64, domain: &str, house: &mut House) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let host = self.host;
        house.mail(host, now, domain);
        let at = now + 20 * SECOND;
        deeds.push(deed("lure", at, Some(&self.lure), None));
        house.http(host, at, &self.lure, "/", Body::Html, 12_000);
        for (number, other) in self.bystanders.iter().enumerate() {
            let at = at + (3 + 4 * number as u64) * MINUTE;
            house.http(*other, at, &self.lure, "/", Body::Html, 12_000);
        }
        let at = at + 45 * SECOND;
        deeds.push(deed("download", at, Some(&self.lure), None));
        house.http(host, at, &self.lure, "/invoice/Invoice_2209.exe", Body::Exe, 1_600_000);
        let at = at + 50 * SECOND;
        deeds.push(deed("second-name", at, Some(&self.second), None));
        house.http(host, at, &self.second, "/c/client.exe", Body::Exe, 3_900_000);
        let at = at + 40 * SECOND;
        let relays = Ipv4Addr::new(198, 19, 240, self.number as u8);
        if let Some((relay, _)) = sites(&self.first, "", relays, &mut house.random).first() {
            deeds.push(deed("relay", at, Some(relay), Some(&self.first)));
            speak(&self.first, relay, None, (host, at), (30_000, 90_000, 100, 20), house);
        }
        let at = at + 110 * SECOND;
        let own = Site::alone(&format!("gw.{}", self.second.name), self.second.v4);
        deeds.push(deed("second-tool", at, Some(&own), Some(&self.hosted)));
        let port = self.hosted.port();
        let load = (18_000_000, 2_000_000, 1_500, 20);
        speak(&self.hosted, &own, port, (host, at), load, house);
        deeds.push(deed("session", at, Some(&own), Some(&self.hosted)));
        deeds
    }

    /// No word tells anything: new names, a program over TLS, a relay without a name.
    fn wordless(&self, now: u64, house: &mut House) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let host = self.host;
        deeds.push(deed("lure", now, Some(&self.lure), None));
        house.tls(host, now, &self.lure, &Load::page(Some(&self.lure.name), 26_000));
        let at = now + 25 * SECOND;
        deeds.push(deed("download", at, Some(&self.second), None));
        let load = Load { seconds: 9, ..Load::page(Some(&self.second.name), 2_900_000) };
        house.tls(host, at, &self.second, &load);
        let at = at + 70 * SECOND;
        let place = Ipv4Addr::from(INTRUDERS + 8 * self.number as u32 + 5);
        let bare = Site::alone("", place);
        deeds.push(deed("relay", at, Some(&bare), Some(&self.nameless)));
        let port = self.nameless.port();
        let load = (9_000_000, 1_200_000, 1_320, 20);
        speak(&self.nameless, &bare, port, (host, at), load, house);
        deeds.push(deed("session", at, Some(&bare), Some(&self.nameless)));
        deeds
    }

    /// The vendor's page as the caller spells it out, the vendor's program, a session.
    fn by_phone(&self, now: u64, house: &mut House) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let (host, tool) = (self.host, &self.phone);
        let place = |last| Ipv4Addr::new(198, 19, 241, 16 * (self.number as u8 % 8) + last);
        if let Some(page) = tool.website() {
            let page = Site::alone(&page, place(0));
            house.tls(host, now, &page, &Load::page(Some(&page.name), 60_000));
        }
        let at = now + 40 * SECOND;
        if let Some(name) = tool.download_name() {
            let site = Site::alone(name, place(1));
            deeds.push(deed("download", at, Some(&site), Some(tool)));
            let load = Load { seconds: 12, ..Load::page(Some(name), 28_000_000) };
            house.tls(host, at, &site, &load);
        }
        let at = at + 95 * SECOND;
        if let Some((relay, _)) = sites(tool, "", place(2), &mut house.random).first() {
            deeds.push(deed("relay", at, Some(relay), Some(tool)));
            speak(tool, relay, None, (host, at), (6_000_000, 12_000_000, 2_400, 20), house);
            deeds.push(deed("session", at, Some(relay), Some(tool)));
        }
        deeds
    }
}

fn deed(stage: &'static str, at: u64, site: Option<&Site>, tool: Option<&Tool>) -> Deed {
    Deed {
        stage,
        at,
        name: site.map(|site| site.name.clone()).filter(|name| !name.is_empty()),
        server: site.map(|site| site.v4.into()),
        tool: tool.map(|tool| tool.id.clone()),
    }
}

/// A name that names a brand and speaks like its help desk.
fn lying_name(book: &Playbook, house: &mut House) -> String {
    let words = &book.lure;
    let pick = |list: &[String], house: &mut House| {
        list.get(house.chance(list.len() as u64) as usize).cloned().unwrap_or_default()
    };
    let (brand, word) = (pick(&words.brands, house), pick(&words.words, house));
    let number = house.random.between(100, 999);
    format!("{brand}-{word}{number}.{}", pick(&words.endings, house))
}

fn ending(book: &Playbook, house: &mut House) -> String {
    let list = &book.lure.endings;
    list.get(house.chance(list.len() as u64) as usize).cloned().unwrap_or_else(|| "com".into())
}
