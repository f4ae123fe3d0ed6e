//! The detector: one observation after the other in, alerts out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Alert, Direction, Fact, FlowClose, Match, Meaning, Observation, Role, RuleUse, Setting,
    SignSource, Specificity, Timestamp, ToolId, UseShown,
};

use crate::caps::Caps;
use crate::chain::Trails;
use crate::inventory::Inventory;
use crate::limits::Limits;
use crate::memory::{
    Firsts, Flows, Identities, KnownHost, Lures, Names, Owners, Pairs, Prints, Questions,
    Recognised,
};
use crate::policy::Policy;
use crate::scene::{Scene, names_a_thing};
use crate::spread::Spreads;
use crate::stories::Stories;
use crate::weights::{Kind, is_use};

/// All memory of hosts. It knows no clock: time comes in with the observations.
#[derive(Debug)]
pub struct Detector {
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) names: Names,
    pub(crate) owners: Owners,
    pub(crate) pairs: Pairs,
    pub(crate) questions: Questions,
    pub(crate) flows: Flows,
    pub(crate) recognised: Recognised,
    pub(crate) identities: Identities,
    pub(crate) lures: Lures,
    pub(crate) firsts: Firsts,
    pub(crate) chain: Trails,
    pub(crate) stories: Stories,
    pub(crate) inventory: Inventory,
    pub(crate) caps: Caps,
    pub(crate) spreads: Spreads,
    pub(crate) hits: BTreeMap<Arc<str>, Hits>,
    pub(crate) signs_left_out: u64,
    pub(crate) suppressed: u64,
    pub(crate) now: Timestamp,
    /// Before this nothing is due in packet time, as far as it was worked out; zero where it has
    /// to be worked out anew.
    pub(crate) quiet_until: Timestamp,
}

/// What the policy says of the use that an observation shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// Whether all use that the observation shows is authorised; `None` when it shows none.
    pub authorised: Option<bool>,
    /// The rule that decided, of the first use that is not authorised, else of the first.
    pub rule: Option<Arc<str>>,
    /// A rule kept quiet about it.
    pub suppressed: bool,
    /// The rows of the inventory that the observation adds to.
    pub uses: Vec<UseShown>,
    /// Tools that the flow showed here for the first time by what passed on it, each by the signs
    /// that show it, in the order of the first ones. Nothing for a fact that itself says what
    /// the flow is.
    pub recognised: Vec<Vec<Match>>,
}

/// How often a rule decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hits {
    /// Uses: one for each host, tool and operator, until a quiet time ends it.
    pub uses: u64,
    /// Signs of them.
    pub signs: u64,
    /// Packet time of the last one.
    pub last: Timestamp,
}

impl Detector {
    /// A detector that has seen nothing yet.
    #[must_use]
    pub fn new(policy: Policy, limits: &Limits) -> Detector {
        Detector {
            hits: policy.rules().map(|rule| (Arc::clone(rule.label), Hits::default())).collect(),
            policy,
            limits: limits.clone(),
            names: Names::new(limits),
            owners: Owners::new(Prints::FIXED),
            pairs: Pairs::new(Prints::FIXED),
            questions: Questions::new(limits),
            flows: Flows::new(limits),
            recognised: Recognised::new(limits),
            identities: Identities::new(limits),
            lures: Lures::new(limits),
            firsts: Firsts::new(limits),
            chain: Trails::new(limits),
            stories: Stories::new(limits),
            inventory: Inventory::new(limits),
            caps: Caps::new(limits),
            spreads: Spreads::default(),
            signs_left_out: 0,
            suppressed: 0,
            now: Timestamp::ZERO,
            quiet_until: Timestamp::ZERO,
        }
    }

    /// From now on another policy decides. Counts of rules that it has too go on.
    pub fn set_policy(&mut self, policy: Policy) {
        let old = std::mem::take(&mut self.hits);
        let hits = |rule: &Arc<str>| old.get(rule).copied().unwrap_or_default();
        self.hits = policy.rules().map(|rule| (Arc::clone(rule.label), hits(rule.label))).collect();
        self.policy = policy;
        self.pairs.forget();
    }

    /// Packet time passes: stories that fell silent are told a last time.
    pub fn advance(&mut self, at: Timestamp, out: &mut impl FnMut(Alert)) {
        // Not the latest time ever seen: one broken clock's frame from the far future would make
        // every later sign a story of its own.
        let before = std::mem::replace(&mut self.now, at);
        self.firsts.watch(at);
        if at < self.quiet_until {
            debug_assert!(at < self.next_due(), "what is due was left");
            return;
        }
        self.pass(before, out);
        self.chain_expire(out);
        self.quiet_until = self.next_due();
    }

    /// The earliest moment at which time brings anything.
    fn next_due(&self) -> Timestamp {
        let due = [
            self.stories.next_look(),
            self.caps.next_end(),
            self.spreads.next_end(),
            self.chain.next_end(),
        ];
        due.into_iter().flatten().min().unwrap_or(Timestamp::MAX)
    }

    /// What is due when may have changed.
    pub(crate) fn stir(&mut self) {
        self.quiet_until = Timestamp::ZERO;
    }

    /// Where an observation's flow lies, and what its client last resolved its server from. What
    /// a DNS answer says is remembered here: ask for every observation.
    pub fn setting(&mut self, seen: &Observation) -> Setting {
        let client = seen.flow.client.ip;
        if let Fact::DnsAnswer(answer) = &seen.fact {
            self.names.learn(client, answer, seen.at, &mut self.owners);
        }
        let pair = self.pairs.of(&seen.flow, &self.policy);
        self.questions.learn(seen, pair.direction == Direction::Internal);
        let server = seen.flow.server.ip;
        let loan = self.names.lend(pair.print, seen.at).or_else(|| {
            // A host asks over one family and connects over the other.
            let mut others = self.identities.others(client);
            others.find_map(|other| self.names.lend(self.pairs.print(other, server), seen.at))
        });
        Setting {
            host: if pair.server_is_host { server } else { client },
            direction: pair.direction,
            zone: pair.zone.and_then(|zone| self.policy.zone_at(zone)).cloned(),
            name_shared: loan.as_ref().is_some_and(|loan| loan.shared),
            server_name: loan.map(|loan| loan.name),
            well_known: false,
        }
    }

    /// Weigh what intelligence knows of an observation. Give it every observation, those without
    /// a match too: the end of a flow matters to its story.
    pub fn weigh(
        &mut self,
        seen: &Observation,
        setting: &Setting,
        matches: &[Match],
        out: &mut impl FnMut(Alert),
    ) -> Verdict {
        self.now = seen.at;
        if let Fact::FlowClose(close) = &seen.fact {
            let verdict = self.close_uses(seen, setting, close);
            self.close(seen, setting, close, out);
            return verdict;
        }
        if let Fact::HostHint(hint) = &seen.fact {
            // Of hosts outside nobody here can say who they are.
            if self.policy.is_ours(hint.ip) {
                self.identities.learn(hint, seen.at);
            }
            return Verdict::default();
        }
        // What no list knows matters by its name, if at all.
        if matches.is_empty() && !names_a_thing(&seen.fact) {
            return Verdict::default();
        }
        // Whoever asked the resolver is told; that it passed the question on says nothing of it.
        if !matches.is_empty() && self.questions.passed_on(seen) {
            return Verdict::default();
        }
        let scene = Scene::new(seen, setting);
        let new_name = self.chain_name(&scene);
        let mut verdict = Verdict::default();
        if !matches.is_empty() {
            self.stir();
            verdict.recognised = self.recognise(seen, matches);
            self.weigh_signs(&scene, matches, &mut verdict, out);
        }
        self.chain_download(&scene, new_name, out);
        self.chain_hello(&scene, new_name);
        if self.flows.has_gone() {
            for serial in self.flows.take_gone() {
                self.stories.release(serial);
            }
        }
        verdict
    }

    /// Weigh all that is known of an observation, tool by tool and contact by contact.
    fn weigh_signs(
        &mut self,
        scene: &Scene<'_>,
        matches: &[Match],
        verdict: &mut Verdict,
        out: &mut impl FnMut(Alert),
    ) {
        let mut quiet: Vec<&Match> = Vec::new();
        for (place, sign) in matches.iter().enumerate() {
            let earlier = matches.get(..place).unwrap_or_default();
            match &sign.meaning {
                Meaning::Tool { tool, .. } if !earlier.iter().any(|sign| is_of(sign, tool)) => {
                    let signs: Vec<&Match> = matches.iter().filter(|m| is_of(m, tool)).collect();
                    self.weigh_tool(scene, tool, &signs, verdict, out);
                }
                Meaning::Tool { .. } => {}
                Meaning::Indicator { .. } | Meaning::Lure(_) => {
                    if !self.weigh_contact(scene, sign, matches, verdict, out) {
                        quiet.push(sign);
                    }
                }
            }
        }
        for sign in quiet {
            self.join_contact(scene, sign, matches);
        }
    }

    /// The capture ended: every story is told a last time, in the order in which they began.
    pub fn finish(&mut self, out: &mut impl FnMut(Alert)) {
        self.end_all(out);
        self.chain_finish(out);
        self.inventory.finish();
    }

    /// Counts of what is remembered, and of what had to go, by what they count.
    #[must_use]
    pub fn memory_counts(&self) -> BTreeMap<&'static str, u64> {
        let (stories, stories_evicted) = self.stories.counts();
        let (spreads, spreads_evicted) = self.spreads.counts();
        let (names, names_evicted) = self.names.counts();
        let (questions, questions_evicted) = self.questions.counts();
        let (flows, flows_evicted) = self.flows.counts();
        let (recognised, recognised_evicted) = self.recognised.counts();
        let (trails, trails_evicted) = self.chain.counts();
        let (lures, lures_evicted) = self.lures.counts();
        let (inventory, inventory_evicted, inventory_untold) = self.inventory.counts();
        let mut counts = BTreeMap::from(self.firsts.counts());
        counts.extend(self.identities.counts());
        counts.extend([
            ("stories", stories as u64),
            ("stories_asleep", self.stories.sleeping() as u64),
            ("stories_evicted", stories_evicted),
            ("alerts_held", self.caps.held()),
            ("spreads", spreads as u64),
            ("spreads_evicted", spreads_evicted),
            ("names", names as u64),
            ("names_evicted", names_evicted),
            ("questions", questions as u64),
            ("questions_evicted", questions_evicted),
            ("flows", flows as u64),
            ("flows_evicted", flows_evicted),
            ("recognised", recognised as u64),
            ("recognised_evicted", recognised_evicted),
            ("trails", trails as u64),
            ("trails_evicted", trails_evicted),
            ("incidents", self.chain.incidents() as u64),
            ("lures", lures as u64),
            ("lures_evicted", lures_evicted),
            ("inventory", inventory as u64),
            ("inventory_evicted", inventory_evicted),
            ("inventory_untold", inventory_untold),
            ("signs_left_out", self.signs_left_out),
            ("uses_suppressed", self.suppressed),
        ]);
        counts
    }

    /// What is remembered of the host inside at an address, as far as it showed who it is.
    #[must_use]
    pub fn known_host(&self, ip: IpAddr) -> Option<KnownHost> {
        self.identities.known(ip)
    }

    /// Uses that a rule allowed, by rule; rules that allowed none are left out.
    #[must_use]
    pub fn authorised_counts(&self) -> BTreeMap<Arc<str>, u64> {
        let allowed = |rule: &str| rule.starts_with("allow");
        let hits = self.hits.iter().filter(|(rule, hits)| allowed(rule) && hits.uses > 0);
        hits.map(|(rule, hits)| (Arc::clone(rule), hits.uses)).collect()
    }

    /// How often each rule decided, in the order of the policy, those that never did too.
    #[must_use]
    pub fn rule_uses(&self) -> Vec<RuleUse> {
        let told = |rule: &Arc<str>| {
            let hits = self.hits.get(rule).copied().unwrap_or_default();
            let last = (hits.signs > 0).then_some(hits.last);
            RuleUse { rule: Arc::clone(rule), uses: hits.uses, signs: hits.signs, last }
        };
        self.policy.rules().map(|rule| told(rule.label)).collect()
    }

    /// How often each rule decided, those that never did too.
    #[must_use]
    pub fn rule_hits(&self) -> &BTreeMap<Arc<str>, Hits> {
        &self.hits
    }

    /// The tools that a flow shows by what passed on it, and did not before.
    fn recognise(&mut self, seen: &Observation, matches: &[Match]) -> Vec<Vec<Match>> {
        let mut found: Vec<(ToolId, Vec<Match>)> = Vec::new();
        for sign in matches {
            let Meaning::Tool { tool, role, .. } = &sign.meaning else { continue };
            if !shows_by_content(sign, *role) {
                continue;
            }
            if let Some((_, signs)) = found.iter_mut().find(|(known, _)| known == tool) {
                signs.push(sign.clone());
            } else if self.recognised.note(&seen.flow, tool) {
                found.push((tool.clone(), vec![sign.clone()]));
            }
        }
        // Such a fact is told as what it is.
        if matches!(seen.fact, Fact::Remote(_) | Fact::Opening(_)) {
            found.clear();
        }
        found.into_iter().map(|(_, signs)| signs).collect()
    }

    fn close(
        &mut self,
        seen: &Observation,
        setting: &Setting,
        close: &FlowClose,
        out: &mut impl FnMut(Alert),
    ) {
        self.recognised.close(&seen.flow);
        let stories = self.flows.close(&seen.flow);
        if !stories.is_empty() {
            self.stir();
        }
        for &serial in &stories {
            self.stories.touch(serial, close.last);
            self.stories.release(serial);
            if let Some(case) = self.stories.get_mut(serial).and_then(|story| story.case.as_mut()) {
                case.end = case.end.max(close.last);
                case.made.count(close, setting.host == seen.flow.client.ip);
            }
        }
        self.chain_close(&Scene::new(seen, setting), close, &stories, out);
        for serial in stories {
            self.tell_news(serial, seen.at, out);
        }
    }
}

/// Whether a sign shows its tool in use by what passed: not by a name, nor by what everyone shows.
/// A fingerprint is of a library, unless nothing else has it.
fn shows_by_content(sign: &Match, role: Role) -> bool {
    let telling = match sign.source {
        SignSource::TlsJa4 => sign.specificity == Specificity::Specific,
        source => Kind::of(source) == Kind::Octets && sign.specificity != Specificity::Generic,
    };
    telling && is_use(role)
}

fn is_of(sign: &Match, id: &ToolId) -> bool {
    matches!(&sign.meaning, Meaning::Tool { tool, .. } if tool == id)
}
