//! The world outside, as names and addresses: well-known sites, and a long tail of others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::{Answer, QueryType, Record};
use crate::random::Random;

/// Sites that everyone meets, the most visited first.
const KNOWN: [&str; 72] = [
    "www.google.com",
    "outlook.office365.com",
    "fonts.gstatic.com",
    "login.microsoftonline.com",
    "www.youtube.com",
    "teams.microsoft.com",
    "www.bing.com",
    "graph.microsoft.com",
    "www.linkedin.com",
    "cdn.jsdelivr.net",
    "www.wikipedia.org",
    "v10.events.data.microsoft.com",
    "settings-win.data.microsoft.com",
    "www.googletagmanager.com",
    "ajax.googleapis.com",
    "www.amazon.de",
    "connect.facebook.net",
    "www.heise.de",
    "www.spiegel.de",
    "www.bbc.co.uk",
    "www.nytimes.com",
    "github.com",
    "api.github.com",
    "stackoverflow.com",
    "www.paypal.com",
    "www.chase.com",
    "www.bahn.de",
    "www.dhl.de",
    "www.ebay.de",
    "www.booking.com",
    "zoom.us",
    "slack.com",
    "app.slack.com",
    "www.dropbox.com",
    "www.adobe.com",
    "acrobat.adobe.com",
    "www.docusign.com",
    "www.salesforce.com",
    "login.salesforce.com",
    "www.sap.com",
    "www.atlassian.com",
    "id.atlassian.com",
    "www.zendesk.com",
    "static.zdassets.com",
    "js.stripe.com",
    "www.mozilla.org",
    "incoming.telemetry.mozilla.org",
    "detectportal.firefox.com",
    "www.apple.com",
    "gateway.icloud.com",
    "www.whatsapp.com",
    "web.whatsapp.com",
    "www.reddit.com",
    "x.com",
    "www.instagram.com",
    "open.spotify.com",
    "www.netflix.com",
    "www.commerzbank.de",
    "www.sparkasse.de",
    "www.postbank.de",
    "www.wellsfargo.com",
    "www.kayak.com",
    "www.idealo.de",
    "www.otto.de",
    "www.zalando.de",
    "www.mediamarkt.de",
    "www.tagesschau.de",
    "www.zdf.de",
    "www.wetter.com",
    "www.deepl.com",
    "chat.openai.com",
    "o450431.ingest.sentry.io",
];

/// Words that name no brand: a name that does is judged a lie, and rightly so.
const FIRST_WORDS: [&str; 80] = [
    "silver", "blue", "north", "oak", "river", "stone", "green", "bright", "home", "city",
    "alpine", "amber", "aspen", "arc", "bay", "bell", "birch", "bold", "book", "bridge", "brook",
    "cedar", "clear", "cloud", "coast", "copper", "coral", "craft", "crown", "daily", "delta",
    "east", "elm", "ever", "fair", "farm", "fast", "field", "fine", "first", "forest", "fresh",
    "garden", "glass", "gold", "grand", "harbor", "hazel", "high", "hill", "iron", "ivy", "lake",
    "lark", "light", "lime", "lunar", "maple", "marble", "meadow", "metro", "mill", "moon", "nova",
    "open", "pearl", "pine", "prime", "quiet", "rain", "red", "sky", "smart", "solar", "south",
    "spring", "summer", "true", "urban", "white",
];
const SECOND_WORDS: [&str; 80] = [
    "works",
    "house",
    "shop",
    "media",
    "travel",
    "foods",
    "sports",
    "press",
    "design",
    "studio",
    "market",
    "motors",
    "tools",
    "books",
    "music",
    "art",
    "bank",
    "bikes",
    "boats",
    "bakery",
    "build",
    "care",
    "cars",
    "cast",
    "clinic",
    "club",
    "coach",
    "code",
    "coffee",
    "craft",
    "data",
    "dental",
    "desk",
    "events",
    "fashion",
    "film",
    "finance",
    "fit",
    "flowers",
    "forum",
    "games",
    "gear",
    "gifts",
    "goods",
    "group",
    "health",
    "hotel",
    "ideas",
    "insure",
    "interior",
    "jobs",
    "kids",
    "kitchen",
    "lab",
    "law",
    "learning",
    "line",
    "living",
    "logistics",
    "mail",
    "maps",
    "metals",
    "news",
    "office",
    "optics",
    "paper",
    "parts",
    "pets",
    "photo",
    "plan",
    "print",
    "radio",
    "review",
    "rooms",
    "school",
    "stories",
    "tech",
    "times",
    "toys",
    "wine",
];
const HOSTS: [&str; 10] =
    ["www", "api", "cdn", "static", "img", "app", "assets", "shop", "mail", "go"];
const ENDINGS: [&str; 12] =
    ["com", "com", "com", "de", "de", "net", "org", "eu", "io", "co.uk", "fr", "shop"];

/// Content networks: each of their addresses serves many names.
const EDGES: u64 = 96;

/// A name and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Option<Ipv6Addr>,
}

impl Site {
    /// A name with a server of its own.
    pub(super) fn alone(name: &str, v4: Ipv4Addr) -> Site {
        Site { name: name.to_owned(), alias: None, v4, v6: None }
    }

    pub(super) fn address(&self, over_v6: bool) -> IpAddr {
        match self.v6 {
            Some(v6) if over_v6 => v6.into(),
            _ => self.v4.into(),
        }
    }

    /// What answers a question for it.
    pub(super) fn records(&self, kind: QueryType) -> Vec<Record> {
        const TTL: u32 = 300;
        let mut owner = self.name.clone();
        let mut records = Vec::new();
        if let Some(alias) = &self.alias {
            records.push(Record { owner, ttl: TTL, answer: Answer::Alias(alias.clone()) });
            owner = alias.clone();
        }
        let answer = match kind {
            QueryType::A => Some(Answer::Address(self.v4.into())),
            QueryType::Aaaa => self.v6.map(|v6| Answer::Address(v6.into())),
            QueryType::Https => Some(Answer::Service(vec![self.v4.into()])),
            QueryType::Ptr | QueryType::Txt => None,
        };
        records.extend(answer.map(|answer| Record { owner, ttl: TTL, answer }));
        records
    }
}

/// Every site that people visit.
pub(super) struct Web {
    sites: Vec<Site>,
}

impl Web {
    pub(super) fn new(count: usize, random: &mut Random) -> Web {
        let mut sites: Vec<Site> = Vec::with_capacity(count);
        for number in 0..count {
            let name = match KNOWN.get(number) {
                Some(name) => (*name).to_owned(),
                None => tail_name(number, random),
            };
            let shared = random.between(0, 10) < 4;
            let place = match shared {
                true => random.between(0, EDGES) as u32 + 1,
                false => number as u32 + 0x100,
            };
            let dual = random.between(0, 3) == 0;
            sites.push(Site {
                alias: shared.then(|| format!("{}.edge{}.fastly.net", number, place % 7)),
                name,
                v4: Ipv4Addr::from(0xC612_0000 + place),
                v6: dual.then(|| server_v6(place)),
            });
        }
        Web { sites }
    }

    pub(super) fn get(&self, rank: usize) -> &Site {
        const NOWHERE: Site =
            Site { name: String::new(), alias: None, v4: Ipv4Addr::new(198, 18, 0, 1), v6: None };
        static NONE: Site = NOWHERE;
        self.sites.get(rank).unwrap_or(&NONE)
    }

    /// The site of a rank drawn by Zipf's law: each is visited in inverse proportion to its rank.
    pub(super) fn draw(&self, random: &mut Random) -> &Site {
        let unit = random.between(0, 1 << 32) as f64 / f64::from(u32::MAX);
        let rank = (self.sites.len() as f64).powf(unit) - 1.0;
        self.get((rank as usize).min(self.sites.len().saturating_sub(1)))
    }

    /// A site of the tail: mostly no one has been there before.
    pub(super) fn rare(&self, random: &mut Random) -> &Site {
        let count = self.sites.len() as u64;
        self.get(random.between(count / 4, count) as usize)
    }

    /// What a page is made of besides: one of the few that most pages use.
    pub(super) fn third_party(&self, random: &mut Random) -> &Site {
        let count = self.sites.len().min(300) as u64;
        self.get(random.between(0, count) as usize)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.name == name)
    }
}

/// 2001:db8:ff::/48, told apart by a number.
pub(super) fn server_v6(number: u32) -> Ipv6Addr {
    Ipv6Addr::from(0x2001_0DB8_00FF_u128 << 80 | u128::from(number))
}

/// A name of two words; every second one has a number or syllables instead, as names do.
fn tail_name(number: usize, random: &mut Random) -> String {
    let base = match random.between(0, 4) {
        0 => format!("{}{}", pick(&FIRST_WORDS, random), pick(&SECOND_WORDS, random)),
        1 => format!("{}-{}", pick(&FIRST_WORDS, random), pick(&SECOND_WORDS, random)),
        2 => format!("{}{}{number}", pick(&FIRST_WORDS, random), pick(&SECOND_WORDS, random)),
        _ => made_up(random),
    };
    // Half of all names have no host before them, or the one that everyone has.
    let host = match random.between(0, 2) {
        0 => "www",
        _ => pick(&HOSTS, random),
    };
    format!("{host}.{base}.{}", pick(&ENDINGS, random))
}

/// A word of syllables, as those are named whose names were taken.
pub(super) fn made_up(random: &mut Random) -> String {
    const SYLLABLES: [&str; 20] = [
        "no", "va", "ri", "lo", "te", "ka", "mi", "su", "den", "tor", "pal", "quo", "bel", "zan",
        "fi", "gra", "mer", "ost", "ven", "wy",
    ];
    (0..random.between(3, 5)).map(|_| pick(&SYLLABLES, random)).collect()
}

pub(super) fn pick<'a>(list: &[&'a str], random: &mut Random) -> &'a str {
    list.get(random.between(0, list.len() as u64) as usize).copied().unwrap_or("x")
}
