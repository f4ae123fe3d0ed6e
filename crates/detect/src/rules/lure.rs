//! A name that lies: it imitates a brand, or speaks like a help desk.

use model::{Direction, LureKind, Meaning};

use super::rule::{Finding, Rule, Sight, Words};
use super::{LINK, LINK_TO_DOMAIN};
use crate::weights::{HELPDESK, IMITATION};

pub(super) const RULE: Rule = Rule { name: "lure", weigh };

static IMITATES: Words = Words {
    title: "A name that imitates a brand",
    asked: "{host} asked for {target}, which imitates {brand} ({method})",
    reached: "{host} reached {target}, which imitates {brand} ({method})",
    advice: "ask the user of {host} what led them there, whom they spoke to and what they entered \
             or opened, and block the name unless it is one of yours",
};

static SPEAKS: Words = Words {
    title: "A name that speaks like a help desk",
    asked: "{host} asked for {target}, which speaks like a help desk ({method})",
    reached: "{host} reached {target}, which speaks like a help desk ({method})",
    advice: "ask the user of {host} whether someone called or wrote and sent them there, and look \
             for remote access that followed",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let Meaning::Lure(lure) = &sight.sign.meaning else { return None };
    // A stranger may call a server of ours whatever they like.
    let inbound = sight.direction == Direction::Inbound;
    if inbound || !lure.stands_alone || !sight.stands_alone() {
        return None;
    }
    Some(match lure.kind {
        LureKind::Imitation => sight.finding(&IMITATION, LINK_TO_DOMAIN, &IMITATES),
        LureKind::Lure => sight.finding(&HELPDESK, LINK, &SPEAKS),
    })
}
