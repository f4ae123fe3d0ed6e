//! Contacts with names and addresses that a list reports, and with names that lie: which of them
//! tell a story, and which join one.

use std::sync::Arc;

use model::{Alert, Direction, ListKind, Lure, Match, Meaning, SignSource};

use crate::circumstances::{self, Answer};
use crate::detector::{Detector, Verdict};
use crate::judgement::find;
use crate::memory::{Familiarity, Rank};
use crate::policy::{Denial, Ruling, Use};
use crate::rules::{Finding, strength};
use crate::scene::Scene;
use crate::stories::{Key, Subject};

impl Detector {
    /// Weigh an entry of a list, or a name that lies. False: it tells no story of its own.
    pub(crate) fn weigh_contact(
        &mut self,
        scene: &Scene<'_>,
        sign: &Match,
        matches: &[Match],
        verdict: &mut Verdict,
        out: &mut impl FnMut(Alert),
    ) -> bool {
        let known = match &sign.meaning {
            Meaning::Lure(lure) => self.meet(scene, lure),
            Meaning::Tool { .. } | Meaning::Indicator { .. } => Familiarity::default(),
        };
        let (Some(finding), Some(subject)) = (self.leads(scene, sign, matches), subject(sign))
        else {
            return false;
        };
        let ruling = self.rule_on_contact(scene, sign);
        let key = Key { host: scene.setting.host, subject };
        let serial = self.stories.find(&key);
        let serial = self.open(serial, key, Rank::Named, scene, out);
        match ruling {
            Ruling::Denied(_) => {
                let joining: Vec<&Match> = others(sign, matches)
                    .filter(|other| self.leads(scene, other, matches).is_none())
                    .collect();
                // What is no tool is nobody's to allow: the policy has no say in the reason.
                let denial = Denial::default();
                self.build(scene, serial, &[(sign, Some(finding))], &denial);
                self.note_circumstances(scene, serial, sign, known, &joining);
                self.add(serial, scene, &joining);
                let hints = self.flows.take_hints(&scene.seen.flow, |hint| !is_of_tool(hint));
                self.add(serial, scene, &hints.iter().collect::<Vec<_>>());
                self.chain_contact(scene, serial, sign, out);
                self.tell_if_due(serial, scene, out);
            }
            Ruling::Suppressed(rule) | Ruling::Allowed(rule) => {
                verdict.suppressed = true;
                self.count_hit(serial, &rule, scene, 1);
            }
        }
        true
    }

    /// A sign that tells no story of its own joins one: that of its own name, one that its flow
    /// belongs to, or one that the flow comes to belong to.
    pub(crate) fn join_contact(&mut self, scene: &Scene<'_>, sign: &Match, matches: &[Match]) {
        let led = others(sign, matches).any(|other| self.leads(scene, other, matches).is_some());
        // What everyone has to do with says nothing; what leads has taken it along already.
        if led || sign.specificity == model::Specificity::Generic || scene.inbound() {
            return;
        }
        let host = scene.setting.host;
        // A guess that the host reached a name adds nothing to that it asked for it.
        let own = subject(sign).filter(|_| !scene.is_guessed(sign));
        let own = own.and_then(|subject| self.stories.find(&Key { host, subject }));
        let of_flow = self.flows.stories(&scene.seen.flow);
        let has_case = |serial: &u64| self.stories.get(*serial).is_some_and(|s| s.case.is_some());
        let home = own.into_iter().chain(of_flow.iter().copied()).find(has_case);
        match home {
            Some(serial) => self.add(serial, scene, &[sign]),
            None if scene.reached => self.flows.hint(&scene.seen.flow, sign),
            None => {}
        }
    }

    /// What a sign tells on its own in this observation; nothing where a list and a look-alike say
    /// it of one name, and the other is worse: one story is enough.
    fn leads(&self, scene: &Scene<'_>, sign: &Match, matches: &[Match]) -> Option<Finding> {
        let finding = find(scene, sign)?;
        let worse = |other: &&Match| {
            is_lure(other) != is_lure(sign)
                && find(scene, other).is_some_and(|found| strength(&found) > strength(&finding))
                && matches!(self.rule_on_contact(scene, other), Ruling::Denied(_))
        };
        (!others(sign, matches).any(|other| worse(&other))).then_some(finding)
    }

    /// What the policy says of a contact. A name that lies goes by what someone registered, too.
    fn rule_on_contact(&self, scene: &Scene<'_>, sign: &Match) -> Ruling {
        let mut names = scene.names(&[sign]);
        if !names.contains(&&*sign.value) {
            names.push(&sign.value);
        }
        if let Meaning::Lure(lure) = &sign.meaning {
            names.retain(|name| is_below(name, &lure.registrable));
            names.push(&lure.registrable);
        }
        self.policy.rule_on(&Use {
            tool: None,
            lure: is_lure(sign),
            operators: &names,
            common: false,
            tenant_seen: true,
            zone: scene.setting.zone.as_deref(),
            peer: scene.peer(),
            at: Some(scene.seen.at),
        })
    }

    /// Remember that a host had to do with a name that lies, or might.
    fn meet(&mut self, scene: &Scene<'_>, lure: &Lure) -> Familiarity {
        // What strangers call our servers is theirs to choose, and would fill the table.
        if scene.setting.direction == Direction::Inbound {
            return Familiarity::default();
        }
        let (host, at) = (scene.setting.host, scene.seen.at);
        let learnt = self.firsts.learnt(at);
        self.lures.see(&lure.registrable, host, at, learnt)
    }

    /// Note what speaks for and against a name that lies.
    fn note_circumstances(
        &mut self,
        scene: &Scene<'_>,
        serial: u64,
        sign: &Match,
        known: Familiarity,
        joining: &[&Match],
    ) {
        let answer = circumstances::answer(&scene.seen.fact, |ip| self.policy.is_ours(ip));
        let ours = scene.server().is_some_and(|ip| self.policy.is_ours(ip));
        let program = circumstances::program(&scene.seen.fact);
        let Some(case) = self.stories.get_mut(serial).and_then(|story| story.case.as_mut()) else {
            return;
        };
        let Some(held) = &mut case.circumstances else { return };
        held.called |= sign.source != SignSource::TlsCertificate;
        held.answer = held.answer.max(answer);
        // The page of a filter is no server of theirs; a proxy inside leads to one.
        held.reached |= scene.reached && !(ours && held.answer == Answer::Nowhere);
        held.program |= program.is_some();
        held.fresh = known.fresh;
        held.common = known.common;
        held.young |= joining.iter().any(|other| is_young(other, scene));
        if let Some(name) = program {
            let file = Match { source: SignSource::HttpFile, value: name.into(), ..sign.clone() };
            self.add(serial, scene, &[&file]);
        }
    }
}

/// What a sign's story is about.
fn subject(sign: &Match) -> Option<Subject> {
    match &sign.meaning {
        Meaning::Tool { .. } => None,
        Meaning::Indicator { .. } => Some(Subject::Indicator {
            list: Arc::clone(&sign.list),
            pattern: Arc::clone(&sign.pattern),
        }),
        Meaning::Lure(lure) => Some(Subject::Lure { registrable: Arc::clone(&lure.registrable) }),
    }
}

/// What else lists and look-alikes say of what a sign says it of.
fn others<'a>(sign: &'a Match, matches: &'a [Match]) -> impl Iterator<Item = &'a Match> {
    matches.iter().filter(move |other| {
        !std::ptr::eq(*other, sign) && !is_of_tool(other) && other.value == sign.value
    })
}

fn is_of_tool(sign: &Match) -> bool {
    matches!(sign.meaning, Meaning::Tool { .. })
}

fn is_lure(sign: &Match) -> bool {
    matches!(sign.meaning, Meaning::Lure(_))
}

fn is_young(sign: &Match, scene: &Scene<'_>) -> bool {
    let young = matches!(sign.meaning, Meaning::Indicator { kind: ListKind::Young, .. });
    young && !sign.meaning.is_expired(scene.seen.at)
}

/// Whether a name is that one, or one below it.
fn is_below(name: &str, registrable: &str) -> bool {
    let before = name.strip_suffix(registrable);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}
