//! What is played: which tools by whom, under which policy, and which ones the campaigns take.

use serde::Deserialize;

use super::DayError;

/// What the day is to be like, written by hand: tools are named here and nowhere in the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// The organisation's own domain.
    pub(super) domain: String,
    /// Its tenant's label at vendors.
    pub(super) tenant: String,
    /// The time zone that the policy's hours are written in.
    pub(super) time_zone: String,
    /// Minutes that its clocks are ahead of UTC on the day.
    pub(super) ahead_minutes: u64,
    pub(super) campaigns: Roles,
    /// Names of ours that look odd; the policy says so.
    #[serde(default)]
    pub(super) odd_names: Vec<String>,
    /// Vendors' pages that people read, and buy nothing.
    #[serde(default)]
    pub(super) read_about: Vec<String>,
    pub(super) lure: LureWords,
    /// Tools played as written; the others are drawn.
    #[serde(default, rename = "play")]
    pub(super) plays: Vec<Play>,
}

/// The tools of the campaigns, by what they are for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    /// Run first after the lure, on the vendor's relays.
    pub(super) first: String,
    /// Hosted by the intruders themselves, under a name.
    pub(super) hosted: String,
    /// Hosted by the intruders themselves, without a name.
    pub(super) nameless: String,
    /// What a caller talks the victim into: allowed, but not in the victim's zone.
    pub(super) phone: String,
}

/// What a lure's name is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LureWords {
    pub(super) brands: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) endings: Vec<String>,
}

/// How a tool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Style {
    /// A program that stays connected and calls home every few minutes.
    Agent,
    /// Sessions of minutes to hours, by hand.
    Session,
    /// From one host inside to another.
    Inside,
}

/// A tool in use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Play {
    pub(super) tool: String,
    pub(super) style: Style,
    pub(super) zones: Vec<String>,
    /// Hosts of 2,000 that have it; fewer hosts have it in proportion, at least one.
    pub(super) hosts: u64,
    /// Hours of the clock at which it is used: from the first up to the second, past midnight where
    /// that is lower. Without: at any hour.
    pub(super) hours: Option<(u64, u64)>,
    /// The organisation runs the server itself, under this label of its domain.
    pub(super) own_server: Option<String>,
}

impl Playbook {
    /// Read a playbook.
    ///
    /// # Errors
    /// When it is none; the file's name is the caller's to tell.
    pub fn parse(text: &str) -> Result<Playbook, DayError> {
        let book: Playbook = toml::from_str(text).map_err(|why| DayError(why.to_string()))?;
        let few = |what: &str| DayError(format!("`lure` has no {what}"));
        match &book.lure {
            lure if lure.brands.is_empty() => Err(few("brands")),
            lure if lure.words.is_empty() => Err(few("words")),
            lure if lure.endings.is_empty() => Err(few("endings")),
            _ => Ok(book),
        }
    }
}
