//! Names that look like those of an office's day, as many as one likes.

use crate::random::Random;

const PREFIXES: [&str; 12] = [
    "www", "api", "cdn", "static", "img", "edge", "login", "mail", "data", "events", "assets", "m",
];
const SYLLABLES: [&str; 24] = [
    "no", "va", "ri", "lo", "te", "ka", "mi", "su", "den", "tor", "pal", "quo", "bel", "zan", "fi",
    "gra", "hu", "jo", "li", "mer", "ost", "ven", "wy", "xo",
];
const ENDINGS: [&str; 8] = ["com", "net", "org", "de", "io", "co.uk", "fr", "eu"];

/// `count` names; few of them are said often, as names are.
pub(super) struct Names {
    list: Vec<String>,
}

impl Names {
    pub(super) fn new(count: usize, random: &mut Random) -> Names {
        fn pick<'a>(list: &[&'a str], random: &mut Random) -> &'a str {
            list.get(random.between(0, list.len() as u64) as usize).copied().unwrap_or("x")
        }
        let list = (0..count)
            .map(|number| {
                let mut name = format!("{}.", pick(&PREFIXES, random));
                (0..random.between(2, 5)).for_each(|_| name.push_str(pick(&SYLLABLES, random)));
                // The number keeps names apart.
                format!("{name}{number}.{}", pick(&ENDINGS, random))
            })
            .collect();
        Names { list }
    }

    /// A name, and its number. The cube prefers the first: a tenth of the names get half the use.
    pub(super) fn draw(&self, random: &mut Random) -> (usize, &str) {
        let unit = random.between(0, 1 << 32) as f64 / f64::from(u32::MAX);
        let at = (unit * unit * unit * self.list.len() as f64) as usize;
        let at = at.min(self.list.len().saturating_sub(1));
        (at, self.list.get(at).map_or("localhost", String::as_str))
    }
}
