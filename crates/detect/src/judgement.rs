//! From the signs of one observation to the stories that they belong to.

use std::sync::Arc;

use model::{
    Alert, Detection, DomainName, Match, Meaning, PolicyVerdict, Role, SignSource, Specificity,
    ToolId,
};

use crate::detector::{Detector, Verdict};
use crate::inventory;
use crate::memory::{Claim, Rank};
use crate::policy::{Denial, Ruling, Use};
use crate::rules::{Finding, Sight, judge};
use crate::scene::Scene;
use crate::stories::{Case, Key, Spot, Subject, alert_id};

/// What a policy verdict names when no rule decided.
pub(crate) const DENY_BY_DEFAULT: &str = "deny-by-default";

/// A sign and what a rule made of it.
pub(crate) type Judged<'a> = (&'a Match, Option<Finding>);

/// Where signs belong.
struct Home {
    /// The story, where it has begun.
    serial: Option<u64>,
    operator: Option<Arc<str>>,
    rank: Rank,
}

impl Detector {
    /// Weigh all signs of one tool in one observation.
    pub(crate) fn weigh_tool(
        &mut self,
        scene: &Scene<'_>,
        tool: &ToolId,
        signs: &[&Match],
        verdict: &mut Verdict,
        out: &mut impl FnMut(Alert),
    ) {
        let judged: Vec<Judged<'_>> = signs
            .iter()
            .map(|sign| (*sign, find(scene, sign).filter(|_| self.heeds(scene, sign))))
            .collect();
        let claims = signs.iter().filter_map(|sign| match &sign.meaning {
            Meaning::Tool { operator, .. } => scene.claim(sign, operator),
            Meaning::Indicator { .. } | Meaning::Lure(_) => None,
        });
        let claim = claims.reduce(|best, next| if next.rank > best.rank { next } else { best });
        let claim = claim.map(|claim| match scene.reached {
            true => self.flows.settle(&scene.seen.flow, tool, claim),
            false => claim,
        });
        let strong = judged.iter().any(|(_, finding)| finding.is_some());
        match claim {
            Some(claim) if strong => self.weigh_use(scene, tool, &judged, &claim, verdict, out),
            _ => {
                self.note_traces(scene, tool, signs, claim.as_ref(), verdict);
                self.corroborate(scene, tool, signs);
            }
        }
    }

    /// Weigh signs of which at least one shows a use.
    fn weigh_use(
        &mut self,
        scene: &Scene<'_>,
        tool: &ToolId,
        judged: &[Judged<'_>],
        claim: &Claim,
        verdict: &mut Verdict,
        out: &mut impl FnMut(Alert),
    ) {
        let signs: Vec<&Match> = judged.iter().map(|(sign, _)| *sign).collect();
        let names = scene.names(&signs);
        let common = claim.rank == Rank::Vendor && judged.iter().all(|(_, f)| !is_session(*f));
        let home = self.home(scene, tool, claim, &names, common);
        let ruling = self.rule_on_tool(scene, tool, &home, claim, &names, common);
        verdict.join(&ruling);
        let home = self.adopt(scene, tool, home, matches!(ruling, Ruling::Denied(_)));
        let known = judged.iter().any(|(_, finding)| is_running(*finding)).then(|| {
            let (host, operator) = (scene.setting.host, home.operator.as_deref());
            self.firsts.see_tool(host, tool, operator, scene.seen.at)
        });
        let key = Key {
            host: scene.setting.host,
            subject: Subject::Tool {
                tool: tool.clone(),
                inbound: scene.inbound(),
                operator: home.operator.clone(),
            },
        };
        let serial = self.open(home.serial, key, home.rank, scene, out);
        if let Some(story) = self.stories.get_mut(serial) {
            story.remember(scene.server(), &names);
            story.meet(known);
        }
        self.note_use(scene, serial, &signs, &ruling, known.map(|known| known.host), verdict);
        match ruling {
            Ruling::Denied(denial) => {
                self.build(scene, serial, judged, &denial);
                let hints = self.flows.take_hints(&scene.seen.flow, |hint| match &hint.meaning {
                    Meaning::Tool { tool: of, .. } => of == tool,
                    Meaning::Indicator { .. } | Meaning::Lure(_) => true,
                });
                self.add(serial, scene, &hints.iter().collect::<Vec<_>>());
                self.chain_tool(scene, serial, judged, out);
                self.tell_if_due(serial, scene, out);
            }
            Ruling::Allowed(rule) => self.count_hit(serial, &rule, scene, signs.len()),
            Ruling::Suppressed(rule) => self.count_hit(serial, &rule, scene, signs.len()),
        }
    }

    /// Whether a sign may begin a story here: ports may where the policy asks for it.
    fn heeds(&self, scene: &Scene<'_>, sign: &Match) -> bool {
        let port = sign.source == SignSource::Port;
        !port || self.policy.ports_alert() && !scene.seen.flow.guessed
    }

    /// The story that signs with this claim belong to.
    fn home(
        &self,
        scene: &Scene<'_>,
        tool: &ToolId,
        claim: &Claim,
        names: &[&str],
        common: bool,
    ) -> Home {
        // Those that sleep too, after those that live.
        let live = || self.stories.of_tool(scene.setting.host, tool, scene.inbound());
        let found = |serial, operator: Option<&Arc<str>>, rank| Home {
            serial: Some(serial),
            operator: operator.cloned(),
            rank,
        };
        let key = Key {
            host: scene.setting.host,
            subject: Subject::Tool {
                tool: tool.clone(),
                inbound: scene.inbound(),
                operator: claim.operator.clone(),
            },
        };
        if let Some(same) = self.stories.find(&key).and_then(|serial| self.stories.get(serial)) {
            return found(same.serial, same.operator(), same.rank);
        }
        // The same server under another name, or known by its address so far.
        let aliases = live().filter(|story| {
            let weaker = claim.rank != Rank::Named || story.rank <= Rank::Name;
            weaker && story.knows(scene.server(), names)
        });
        let alias = aliases.min_by_key(|story| !story.is_awake());
        if let Some(alias) = alias {
            let better = claim.rank > alias.rank && claim.operator.is_some();
            let operator = if better { claim.operator.as_ref() } else { alias.operator() };
            return found(alias.serial, operator, alias.rank.max(claim.rank));
        }
        // Software of a tenant needs the vendor's common servers too.
        let tenants = live().filter(|story| common && story.rank == Rank::Named);
        if let Some(tenant) = tenants.max_by_key(|story| (story.is_awake(), story.serial)) {
            return found(tenant.serial, tenant.operator(), tenant.rank);
        }
        Home { serial: None, operator: claim.operator.clone(), rank: claim.rank }
    }

    fn rule_on_tool(
        &self,
        scene: &Scene<'_>,
        tool: &ToolId,
        home: &Home,
        claim: &Claim,
        names: &[&str],
        common: bool,
    ) -> Ruling {
        let address = scene.server().map(|ip| ip.to_string());
        let certificate = self.policy.certificate_words(&scene.seen.fact);
        let mut operators: Vec<&str> = names.to_vec();
        operators.extend(certificate.iter().map(String::as_str));
        operators.extend(home.operator.as_deref());
        operators.extend(claim.operator.as_deref());
        operators.extend(address.as_deref());
        // A rule for a name is also one for the server that the name led to.
        operators.extend(scene.guess().map(DomainName::as_str));
        self.policy.rule_on(&Use {
            tool: Some(tool),
            lure: false,
            operators: &operators,
            common,
            tenant_seen: home.operator.is_some(),
            zone: scene.setting.zone.as_deref(),
            peer: scene.peer(),
            at: Some(scene.seen.at),
        })
    }

    /// When a tenant shows first after the vendor's common servers, that was its software: one
    /// story. Not when one of the two is authorised and the other is not.
    fn adopt(&mut self, scene: &Scene<'_>, tool: &ToolId, home: Home, denied: bool) -> Home {
        if let (Some(serial), Some(operator)) = (home.serial, &home.operator) {
            self.stories.rename(serial, operator, home.rank);
        }
        if home.serial.is_some() || home.rank != Rank::Named {
            return home;
        }
        let vendor = self
            .stories
            .of_tool(scene.setting.host, tool, scene.inbound())
            .find(|story| story.rank == Rank::Vendor && story.case.is_some() == denied)
            .map(|story| story.serial);
        if let (Some(serial), Some(operator)) = (vendor, &home.operator) {
            self.stories.rename(serial, operator, Rank::Named);
        }
        Home { serial: vendor, ..home }
    }

    /// The story, begun when it has not; it lives, and waits for the end of the flow.
    pub(crate) fn open(
        &mut self,
        known: Option<u64>,
        key: Key,
        rank: Rank,
        scene: &Scene<'_>,
        out: &mut impl FnMut(Alert),
    ) -> u64 {
        let at = scene.seen.at;
        let serial = known.unwrap_or_else(|| {
            let (serial, gone) = self.stories.open(key, rank, at);
            if let Some(gone) = gone {
                self.end(gone, self.now, out);
            }
            serial
        });
        self.stories.touch(serial, at);
        if scene.reached && self.flows.bind(&scene.seen.flow, serial) {
            self.stories.hold(serial);
        }
        serial
    }

    /// Add signs to a story's case, which begins with the first finding.
    pub(crate) fn build(
        &mut self,
        scene: &Scene<'_>,
        serial: u64,
        judged: &[Judged<'_>],
        denial: &Denial,
    ) {
        for &(sign, finding) in judged {
            let Some(story) = self.stories.get_mut(serial) else { return };
            let Some(finding) = finding else { continue };
            let spot = spot(scene, sign, denial);
            let at = scene.seen.at;
            let key = &story.key;
            let case = story.case.get_or_insert_with(|| {
                Case::new(alert_id(key, at), key.host, sign, finding, spot.clone(), at)
            });
            case.weigh(&finding, &spot);
            story.denied = true;
        }
        let joining = judged.iter().filter(|(sign, finding)| finding.is_some() || joins(sign));
        self.add(serial, scene, &joining.map(|(sign, _)| *sign).collect::<Vec<_>>());
    }

    pub(crate) fn add(&mut self, serial: u64, scene: &Scene<'_>, signs: &[&Match]) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let Some(case) = &mut story.case else { return };
        for &sign in signs {
            let guessed = scene.is_guessed(sign).then(|| shared(sign));
            let left_out = case.add(guessed.as_ref().unwrap_or(sign), scene.seen.at, &self.limits);
            self.signs_left_out += u64::from(left_out);
        }
    }

    pub(crate) fn count_hit(
        &mut self,
        serial: u64,
        rule: &Arc<str>,
        scene: &Scene<'_>,
        signs: usize,
    ) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let new = story.rule.as_ref() != Some(rule);
        story.rule = Some(Arc::clone(rule));
        story.denied = false;
        let hits = self.hits.entry(Arc::clone(rule)).or_default();
        hits.signs += signs as u64;
        hits.uses += u64::from(new);
        hits.last = hits.last.max(scene.seen.at);
        self.suppressed += u64::from(new && rule.starts_with("suppress"));
    }

    /// Say in the verdict what the policy says of software that is installed, though its updates
    /// and its telemetry are no use to alert on. A visit to a website says nothing.
    fn note_traces(
        &self,
        scene: &Scene<'_>,
        tool: &ToolId,
        signs: &[&Match],
        claim: Option<&Claim>,
        verdict: &mut Verdict,
    ) {
        let installed = |sign: &&&Match| {
            matches!(sign.meaning, Meaning::Tool { role: Role::Update | Role::Telemetry, .. })
                && sign.specificity == Specificity::Specific
                && !is_place(sign.source)
        };
        let (Some(claim), true) = (claim, signs.iter().any(|sign| installed(&sign))) else {
            return;
        };
        let names = scene.names(signs);
        let common = claim.rank == Rank::Vendor;
        let home = self.home(scene, tool, claim, &names, common);
        verdict.join(&self.rule_on_tool(scene, tool, &home, claim, &names, common));
    }

    /// Weak signs join a story that the flow belongs to, or that knows the server; on a flow that
    /// has none yet they wait.
    fn corroborate(&mut self, scene: &Scene<'_>, tool: &ToolId, signs: &[&Match]) {
        let weak: Vec<&Match> = signs.iter().copied().filter(|sign| joins(sign)).collect();
        if weak.is_empty() || !scene.reached {
            return;
        }
        let known = self
            .stories
            .of_tool(scene.setting.host, tool, scene.inbound())
            .filter(|story| story.case.is_some() && story.knows(scene.server(), &[]))
            .min_by_key(|story| !story.is_awake())
            .map(|story| story.serial);
        if let Some(serial) = known {
            self.add(serial, scene, &weak);
            return;
        }
        for sign in weak.iter().filter(|sign| sign.specificity != Specificity::Generic) {
            self.flows.hint(&scene.seen.flow, sign);
        }
    }
}

impl Verdict {
    fn join(&mut self, ruling: &Ruling) {
        let (authorised, rule) = inventory::word(ruling);
        self.suppressed |= matches!(ruling, Ruling::Suppressed(_));
        self.decide(authorised, &rule);
    }

    /// One more use; the first that is not authorised speaks for all.
    pub(crate) fn decide(&mut self, authorised: bool, rule: &Arc<str>) {
        if self.authorised.is_none() || self.authorised == Some(true) && !authorised {
            self.authorised = Some(authorised);
            self.rule = Some(Arc::clone(rule));
        }
    }
}

/// Whether a weak sign may join a story as evidence: it must be one of use.
fn joins(sign: &Match) -> bool {
    match &sign.meaning {
        Meaning::Tool { role, .. } => {
            matches!(role, Role::Relay | Role::Api | Role::Unknown | Role::Download)
        }
        Meaning::Indicator { .. } | Meaning::Lure(_) => false,
    }
}

/// Whether a finding shows a session with someone, and not just software that calls its vendor.
pub(crate) fn is_session(finding: Option<Finding>) -> bool {
    finding.is_some_and(|finding| {
        let detection = finding.weight.detection;
        !matches!(detection, Detection::Api | Detection::Download)
    })
}

/// Whether a finding shows that the tool runs, and not just that it is fetched.
fn is_running(finding: Option<Finding>) -> bool {
    finding.is_some_and(|finding| finding.weight.detection != Detection::Download)
}

/// The same sign as one of many makes it.
fn shared(sign: &Match) -> Match {
    let specificity = match sign.specificity {
        Specificity::Specific => Specificity::Shared,
        less => less,
    };
    Match { specificity, ..sign.clone() }
}

fn is_place(source: SignSource) -> bool {
    matches!(source, SignSource::Port | SignSource::Address)
}

/// The worst that a rule says of a sign here; nothing of a guess.
pub(crate) fn find(scene: &Scene<'_>, sign: &Match) -> Option<Finding> {
    let sight = Sight { sign, direction: scene.setting.direction, at: scene.seen.at };
    judge(&sight).filter(|_| !scene.is_guessed(sign))
}

fn spot(scene: &Scene<'_>, sign: &Match, denial: &Denial) -> Spot {
    Spot {
        flow: scene.seen.flow,
        ingress: scene.seen.ingress.clone(),
        protocol: scene.protocol,
        server_name: scene.server_name().cloned(),
        target: scene.target(sign),
        direction: scene.setting.direction,
        reached: scene.reached,
        policy: PolicyVerdict {
            authorised: false,
            zone: scene.setting.zone.clone(),
            rule: DENY_BY_DEFAULT.into(),
        },
        foreign: denial.foreign,
        why: Arc::clone(&denial.why),
    }
}
