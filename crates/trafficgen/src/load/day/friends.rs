//! What looks like a campaign, and is none.

use std::net::Ipv4Addr;

use super::house::{House, Load, MINUTE, SECOND};
use super::playbook::{Playbook, Style};
use super::plays::Part;
use super::tools::Tool;
use super::truth::Friend;
use super::web::{Site, made_up};
use crate::http::Body;

/// A false friend and its minute of the last day, by the clock.
struct Scene {
    minute: u64,
    what: &'static str,
    host: usize,
    site: Site,
    act: Act,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A page, read.
    Read,
    /// A page without a name in its hello.
    ReadNameless,
    /// A page, then a program from there in clear.
    Program,
    /// The same, and a tool that is allowed right after.
    ProgramAndTool,
    /// Something large over TLS.
    Large,
}

/// All of them.
pub(super) struct Friends {
    scenes: Vec<Scene>,
}

impl Friends {
    /// Plan them. `shared` is the site of a bank beside which a lure stands on the same address.
    pub(super) fn new(
        book: &Playbook,
        catalogue: &[Tool],
        parts: &[Part],
        shared: &Site,
        house: &mut House,
    ) -> Friends {
        let mut scenes = Vec::new();
        let offices = house.of_zone("office");
        let worker = |house: &mut House, minute: u64| {
            let on: Vec<usize> = offices
                .iter()
                .copied()
                .filter(|host| house.host(*host).is_some_and(|one| one.is_on(minute)))
                .collect();
            on.get(house.chance(on.len() as u64) as usize).copied().unwrap_or(0)
        };
        let mut add = |minute, what, host, site, act| {
            scenes.push(Scene { minute, what, host, site, act });
        };
        for (number, minute) in (0..8u64).map(|number| (number, 610 + 7 * number)) {
            let act = if number % 3 == 2 { Act::ReadNameless } else { Act::Read };
            let what = "a bank on an address that a lure shares";
            add(minute, what, worker(house, minute), shared.clone(), act);
        }
        for (number, name) in book.odd_names.iter().enumerate() {
            let site =
                Site::alone(&format!("go.{name}"), Ipv4Addr::new(198, 19, 242, number as u8));
            let minute = 560 + 40 * number as u64;
            add(minute, "a name of ours that looks odd", worker(house, minute), site, Act::Read);
        }
        for (number, id) in book.read_about.iter().enumerate() {
            let tool = catalogue.iter().find(|tool| tool.id == *id);
            let Some(page) = tool.and_then(Tool::website) else { continue };
            let site = Site::alone(&page, Ipv4Addr::new(198, 19, 243, number as u8));
            let minute = 545 + 31 * number as u64;
            add(minute, "a vendor's page, read", worker(house, minute), site, Act::Read);
        }
        for (number, act) in [Act::Program, Act::Program, Act::Large].into_iter().enumerate() {
            let name = format!("www.{}.com", made_up(&mut house.random));
            let site = Site::alone(&name, Ipv4Addr::new(198, 19, 244, number as u8));
            let minute = 640 + 95 * number as u64;
            let what = "a program from a name that no one visited before";
            add(minute, what, worker(house, minute), site, act);
        }
        let by_hand = parts.iter().filter(|part| part.style == Style::Session);
        for (number, part) in by_hand.take(2).enumerate() {
            let name = format!("{}.de", made_up(&mut house.random));
            let site = Site::alone(&name, Ipv4Addr::new(198, 19, 245, number as u8));
            let host = part.hosts.first().copied().unwrap_or(0);
            let what = "a program from a new name, then a tool that is allowed";
            add(625 + 100 * number as u64, what, host, site, Act::ProgramAndTool);
        }
        Friends { scenes }
    }

    /// Play those of this minute.
    pub(super) fn play(
        &self,
        minute: u64,
        now: u64,
        parts: &[Part],
        house: &mut House,
    ) -> Vec<Friend> {
        let mut played = Vec::new();
        for scene in self.scenes.iter().filter(|scene| scene.minute == minute) {
            let (host, site) = (scene.host, &scene.site);
            let page = Load::page(Some(&site.name), 30_000);
            match scene.act {
                Act::Read => {
                    house.tls(host, now, site, &page);
                }
                Act::ReadNameless => {
                    house.tls(host, now, site, &Load { named: None, ..page });
                }
                Act::Large => {
                    house.tls(host, now, site, &page);
                    house.tls(host, now + 9 * SECOND, site, &Load { down: 5_000_000, ..page });
                }
                Act::Program | Act::ProgramAndTool => {
                    house.tls(host, now, site, &page);
                    let at = now + 30 * SECOND;
                    house.http(host, at, site, "/setup.exe", Body::Exe, 2_400_000);
                }
            }
            let of_host = |part: &&Part| part.hosts.contains(&host) && part.style == Style::Session;
            if let (Act::ProgramAndTool, Some(part)) = (scene.act, parts.iter().find(of_host)) {
                let load = (500_000, 4_000_000, 600, 20);
                part.contact(host, now + 4 * MINUTE, load, house);
            }
            played.push(Friend {
                what: scene.what,
                host: house.host(host).map_or(Ipv4Addr::UNSPECIFIED, |one| one.v4),
                at: now,
                name: site.name.clone(),
            });
        }
        played
    }
}
