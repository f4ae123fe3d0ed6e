//! What people at their desks do: pages, downloads, mail.

use std::net::IpAddr;

use super::house::{House, Load, MINUTE, SECOND, SNAP_HTTP};
use super::people::MAIL;
use super::web::Site;
use crate::http::{Body, Exchange};
use crate::quic;
use crate::tcp::{Close, Connection, Side};

/// Where updaters fetch from, each by its vendor's name.
const VENDORS: [(&str, &str, Body); 8] = [
    ("download.windowsupdate.com", "/d/msdownload/update/software/secu/kb.exe", Body::Exe),
    ("edgedl.me.gvt1.com", "/edgedl/release2/chrome/component.exe", Body::Exe),
    ("ardownload.adobe.com", "/pub/adobe/acrobat/update.msi", Body::Msi),
    ("download.mozilla.org", "/pub/firefox/releases/setup.exe", Body::Exe),
    ("javadl-esd-secure.oracle.com", "/update/jre/au.msi", Body::Msi),
    ("download.lenovo.com", "/pccbbs/mobiles/driver.exe", Body::Exe),
    ("downloads.dell.com", "/FOLDER/bios/update.exe", Body::Exe),
    ("ctldl.windowsupdate.com", "/msdownload/update/v3/static/authrootstl.cab", Body::Zip),
];

/// Programs' names as small vendors give them.
const SMALL_FILES: [&str; 6] =
    ["setup.exe", "update.exe", "viewer-setup.exe", "plugin.msi", "labelprinter.exe", "tax.msi"];

impl House {
    /// A page and what it is made of.
    pub(super) fn visit(&mut self, host: usize, at: u64) {
        let site = self.site();
        let mut at = self.flow(host, at, &site);
        for _ in 0..self.chance(4) {
            let House { random, web, .. } = self;
            let part = web.third_party(random).clone();
            at += self.random.between(SECOND / 50, SECOND);
            at = self.flow(host, at, &part);
        }
    }

    /// One conversation with a site, as browsers have them today; when it is over.
    fn flow(&mut self, host: usize, at: u64, site: &Site) -> u64 {
        let down = match self.chance(1_000) {
            0..700 => self.random.between(500, 8_000),
            700..960 => self.random.between(10_000, 90_000),
            960..995 => self.random.between(200_000, 900_000),
            _ => self.random.between(1_200_000, 9_000_000),
        };
        match self.chance(100) {
            0..3 => self.tls(host, at, site, &Load::page(None, down)),
            // The outer name of an encrypted hello is the content network's.
            3..6 => self.tls(host, at, site, &Load::page(Some("cloudflare-ech.com"), down)),
            6..12 => self.quic(host, at, site, down.min(20_000)),
            12..16 => self.http(host, at, site, "/", Body::Html, down.min(60_000)),
            16..28 => {
                let load = Load { modern: false, ..Load::page(Some(&site.name), down) };
                self.tls(host, at, site, &load)
            }
            _ => self.tls(host, at, site, &Load::page(Some(&site.name), down)),
        }
    }

    fn quic(&mut self, host: usize, at: u64, site: &Site, down: u64) -> u64 {
        let mut at = self.resolve(host, at, site);
        let alpn = ["h3".to_owned()];
        let session = quic::Session {
            version: quic::Version::V1,
            name: Some(&site.name),
            alpn: &alpn,
            hybrid: false,
            pieces: 1,
            id: 0,
            retry: false,
            early: 0,
        };
        let over_v6 = self.host(host).is_some_and(|host| host.v6.is_some());
        let route = self.route(host, site.address(over_v6), 443);
        let handshake = session.shake_hands(&mut self.random);
        let mut flights = handshake.flights;
        let up = quic::sealed_data(&handshake.ids.0, 600, &mut self.random);
        let data = quic::sealed_data(&handshake.ids.1, down.min(4_000) as usize, &mut self.random);
        flights.push((Side::Client, up));
        flights.push((Side::Server, data));
        for (side, flight) in flights {
            for one in flight {
                let ident = self.random.word();
                let ports = route.ports(side);
                let frame = crate::frame::datagram(route.way(side), ident, ports, &one);
                self.out.push((at, frame));
                at += 12_000;
            }
            at += if side == Side::Client { route.round_trip } else { 250_000 };
        }
        at
    }

    /// A file or page in clear; when it is over.
    pub(super) fn http(
        &mut self,
        host: usize,
        at: u64,
        site: &Site,
        path: &str,
        body: Body,
        bytes: u64,
    ) -> u64 {
        let at = self.resolve(host, at, site);
        let to: IpAddr = site.v4.into();
        let route = self.route(host, to, 80);
        let mut exchange = Exchange::page(body, bytes as usize);
        exchange.path = path.to_owned();
        let agent = match body {
            Body::Exe | Body::Msi if self.chance(2) == 0 => "Microsoft-Delivery-Optimization/10.1",
            _ => "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/128.0",
        };
        let House { random, out, .. } = self;
        let mut tcp = Connection::open(route, at, random, out);
        let request = exchange.request(&site.name, agent, tcp.random());
        tcp.send(Side::Client, &request);
        tcp.keep(usize::MAX, SNAP_HTTP);
        let now = tcp.now();
        let response = exchange.response(now, tcp.random());
        tcp.send_offloaded(Side::Server, &response);
        let end = tcp.now();
        tcp.close(Close::Fin);
        end
    }

    /// A program fetched by a program, mostly from its vendor, now and then from a small one.
    pub(super) fn update(&mut self, host: usize, at: u64) {
        let bytes = self.random.between(200_000, 6_000_000);
        if self.chance(12) == 0 {
            let House { random, web, .. } = self;
            let site = web.rare(random).clone();
            let file = self.pick(&SMALL_FILES);
            let body = if file.ends_with(".msi") { Body::Msi } else { Body::Exe };
            self.http(host, at, &site, &format!("/files/{file}"), body, bytes);
            return;
        }
        let number = self.chance(VENDORS.len() as u64) as usize;
        let Some((name, path, body)) = VENDORS.get(number) else { return };
        let last = 40 + number as u8;
        let site = Site::alone(name, std::net::Ipv4Addr::new(198, 19, 1, last));
        self.http(host, at, &site, path, *body, bytes);
    }

    /// Mail is fetched from the server inside.
    pub(super) fn mail(&mut self, host: usize, at: u64, domain: &str) -> u64 {
        let name = format!("mail.{domain}");
        let site = Site::alone(&name, MAIL);
        let down = self.random.between(2_000, 80_000);
        let load = Load { port: 993, alpn: &[], ..Load::page(Some(&name), down) };
        self.tls(host, at, &site, &load)
    }

    /// Work of one minute at one host; `busy` of a hundred.
    pub(super) fn desk(&mut self, host: usize, at: u64, busy: u64, domain: &str) {
        let Some(browsing) = self.host(host).map(|host| host.zone().browsing) else { return };
        // At the busiest hour some four visits an hour, of two and a half flows each.
        if self.chance(1_000_000) < busy * browsing * 6 {
            let at = at + self.chance(MINUTE);
            self.visit(host, at);
        }
        if self.chance(1_000_000) < 400 {
            let at = at + self.chance(MINUTE);
            self.update(host, at);
        }
        if self.chance(1_000_000) < busy * 30 {
            let at = at + self.chance(MINUTE);
            self.search(host, at, domain);
        }
        if self.chance(1_000_000) < busy * 250 {
            let at = at + self.chance(MINUTE);
            self.mail(host, at, domain);
        }
    }
}
