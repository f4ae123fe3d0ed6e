//! What of an observation may be a stage of an incident.

use std::sync::Arc;
use std::time::Duration;

use model::{
    Alert, ChainStage, Detection, Direction, DomainName, Evidence, Fact, FileDownload, FlowClose,
    ListKind, Match, Meaning, PolicyVerdict, SignSource, Specificity, Stage, Timestamp,
};

use super::incident::{Incident, octets, spell, techniques};
use super::step::{Met, SHORTLY, Weight};
use super::sum::{BULK_PCT, NEW_NAME_PCT, PROGRAM_PCT, SESSION_PCT};
use super::trails::Watched;
use crate::circumstances;
use crate::detector::Detector;
use crate::judgement::{DENY_BY_DEFAULT, Judged};
use crate::limits::DOWNLOAD_BYTES_MIN;
use crate::memory::Known;
use crate::registered::registered;
use crate::scene::Scene;
use crate::stories::{Case, Spot};
use crate::weights::SHARED_SEVERITY_MAX;

/// A name is new for so long after it was first met, once the sensor has learnt.
const NEW_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// And for so long while it has not: everything is new then, and only what is met right before the
/// rest says anything.
const NEW_WHILE_LEARNING: Duration = Duration::from_secs(60 * 60);

/// A name that says less than this by itself, as one that leads nowhere, is no lure.
const LURE_SEVERITY_MIN: u8 = SHARED_SEVERITY_MAX + 5;

/// A flow is a session when it lasts and carries: so long and so much …
const SESSION_SHORT: (Duration, u64) = (Duration::from_secs(60), 256 << 10);
/// … or longer and less, as when a person only watches.
const SESSION_LONG: (Duration, u64) = (Duration::from_secs(600), 64 << 10);

impl Detector {
    /// Remember the name that an observation is about; whether it is new here.
    pub(crate) fn chain_name(&mut self, scene: &Scene<'_>) -> bool {
        let Some(name) = crate::scene::name_of(scene.seen, scene.setting) else { return false };
        if scene.setting.well_known || scene.inbound() {
            return false;
        }
        let known = self.firsts.see_name(
            registered(name.as_str()),
            scene.setting.host,
            scene.seen.at,
        );
        is_new(known, scene.seen.at)
    }

    /// A contact with a name that lies or that a list reports, which no rule allows.
    pub(crate) fn chain_contact(
        &mut self,
        scene: &Scene<'_>,
        serial: u64,
        sign: &Match,
        out: &mut impl FnMut(Alert),
    ) {
        if !is_ours_to_follow(scene) {
            return;
        }
        let host = scene.setting.host;
        let Some(case) = self.stories.get(serial).and_then(|story| story.case.as_ref()) else {
            return;
        };
        let Some(mut met) = contact(scene, case, sign) else {
            if let Some(trail) = self.chain.get(host) {
                trail.forget(serial);
            }
            return;
        };
        met.story = Some(serial);
        let at = scene.seen.at;
        if met.stage == ChainStage::SecondName
            && !self.chain.peek(host).is_some_and(|trail| trail.has_led(at, self.chain.windows))
        {
            met.stage = ChainStage::Lure;
        } else if met.stage == ChainStage::Lure
            && self.chain.peek(host).is_some_and(|trail| trail.fetched(at, SHORTLY).is_some())
        {
            // Whom the program calls is no lure any more.
            met.stage = ChainStage::SecondName;
        }
        met.why = match met.stage {
            ChainStage::SecondName => format!("called {}", met.why).into(),
            ChainStage::Relay => format!("reached the relay {}", met.why).into(),
            _ => format!("was led to {}", met.why).into(),
        };
        self.chain_meet(scene, met, out);
    }

    /// A use of a tool that no rule allows.
    pub(crate) fn chain_tool(
        &mut self,
        scene: &Scene<'_>,
        serial: u64,
        judged: &[Judged<'_>],
        out: &mut impl FnMut(Alert),
    ) {
        if !is_ours_to_follow(scene) {
            return;
        }
        let Some(story) = self.stories.get(serial) else { return };
        let (known, operator) = (story.known, story.operator().cloned());
        let Some(case) = &story.case else { return };
        let Some(tool) = case.tool.clone() else { return };
        let at = scene.seen.at;
        let findings = || judged.iter().filter_map(|(sign, finding)| Some((sign, (*finding)?)));
        let telling = |severity: u8| severity > SHARED_SEVERITY_MAX;
        let fetched = findings().find(|(_, finding)| {
            finding.weight.detection == Detection::Download && telling(finding.severity.get())
        });
        let runs = findings().any(|(_, finding)| {
            let severity = telling(finding.severity.get());
            let detection = finding.weight.detection;
            let asked = !scene.reached && detection == Detection::Api;
            detection != Detection::Download && severity && !asked
        });
        let base = Met {
            story: Some(serial),
            told: None,
            spot: case.spot.clone(),
            tool: Some(tool.clone()),
            operator: operator.clone(),
            sure_pct: case.confidence_pct(),
            lure: None,
            evidence: Vec::new(),
            at,
            subject: subject_of(tool.0.as_str(), operator.as_deref()),
            name: Arc::clone(&tool.1),
            why: "".into(),
            weight: Weight::Strong,
            stage: ChainStage::Relay,
            techniques: techniques(ChainStage::Relay),
        };
        // Software that runs fetches its own newer versions: a download explains what follows it.
        if let Some((sign, _)) = fetched
            && scene.reached
            && known.is_none()
        {
            let file = sign.source == SignSource::HttpFile;
            let from = from_whom(scene);
            let met = Met {
                stage: ChainStage::Download,
                name: Arc::clone(if file { &sign.value } else { &tool.1 }),
                why: format!("fetched {} from {from}", tool.1).into(),
                weight: if file { Weight::Strong } else { Weight::Weak },
                techniques: techniques(ChainStage::Download),
                ..base.clone()
            };
            self.chain_meet(scene, met, out);
        }
        let first_contact = known.is_some_and(|known| {
            let recent = |known: Known| at.since(known.first) <= self.chain.windows.weak;
            recent(known.host) || known.operator.is_some_and(recent)
        });
        if runs && first_contact {
            let with = match (&operator, scene.reached) {
                (Some(operator), _) => format!(" run by {operator}"),
                (None, true) => format!(" with {}", base.spot.target),
                (None, false) => format!(" by {}", base.spot.target),
            };
            let verb = if scene.reached { "began to use" } else { "asked for" };
            let why = format!("{verb} {}{with}", tool.1).into();
            let another = self.chain.peek(scene.setting.host).is_some_and(|t| t.runs_another(&base));
            let stage = if another { ChainStage::SecondTool } else { ChainStage::Relay };
            self.chain_meet(scene, Met { why, stage, ..base }, out);
        }
    }

    /// A program that came down in clear, from whomever.
    pub(crate) fn chain_download(
        &mut self,
        scene: &Scene<'_>,
        new: bool,
        out: &mut impl FnMut(Alert),
    ) {
        let Fact::FileDownload(file) = &scene.seen.fact else { return };
        let Some(name) = circumstances::program(&scene.seen.fact) else { return };
        if !is_ours_to_follow(scene) || self.policy.is_ours(scene.seen.flow.server.ip) {
            return;
        }
        let from = source_of(scene, file);
        let lured = self.is_lured_by(scene, &from);
        let weight = if new || lured || from.is_address { Weight::Weak } else { Weight::AfterLure };
        let sign = |source, value: Arc<str>, pattern: &str| Evidence {
            source,
            value,
            pattern: pattern.into(),
            list: MEMORY.into(),
            list_version: "-".into(),
            role: None,
            kind: None,
            expired: false,
        };
        if new && !lured && !from.is_address {
            let met = Met {
                stage: ChainStage::Lure,
                name: Arc::clone(&from.name),
                why: format!("reached {}, which nobody here knew before", from.name).into(),
                evidence: vec![sign(SignSource::HttpHost, Arc::clone(&from.name), "new here")],
                ..self.weak(scene, &from.subject, Weight::Weak, NEW_NAME_PCT)
            };
            self.chain_meet_as_second(scene, met, out);
        }
        let met = Met {
            stage: ChainStage::Download,
            name: name.into(),
            why: format!("fetched the program {name} from {}", from.name).into(),
            evidence: vec![sign(SignSource::HttpFile, name.into(), "a program")],
            techniques: techniques(ChainStage::Download),
            ..self.weak(scene, &from.subject, weight, PROGRAM_PCT)
        };
        self.chain_meet(scene, met, out);
    }

    /// A hello: the flow may carry a download that cannot be seen.
    pub(crate) fn chain_hello(&mut self, scene: &Scene<'_>, new: bool) {
        let Fact::TlsHello(_) = &scene.seen.fact else { return };
        if !is_ours_to_follow(scene) || self.policy.is_ours(scene.seen.flow.server.ip) {
            return;
        }
        let name = scene.server_name();
        let trail = self.chain.peek(scene.setting.host);
        let lured = trail.is_some_and(|trail| trail.lured(scene.seen.at, SHORTLY));
        let weight = match (lured, new || name.is_none()) {
            (true, _) => Weight::AfterLure,
            (false, true) => Weight::BeforeOwnRelay,
            (false, false) => return,
        };
        self.chain.watch(&scene.seen.flow, Watched { name: name.cloned(), weight, new });
    }

    /// A flow ended: it may have been a download, or a session of a tool that is a stage.
    pub(crate) fn chain_close(
        &mut self,
        scene: &Scene<'_>,
        close: &FlowClose,
        stories: &[u64],
        out: &mut impl FnMut(Alert),
    ) {
        if let Some(watched) = self.chain.unwatch(&scene.seen.flow)
            && close.from_server.bytes >= DOWNLOAD_BYTES_MIN
            && close.from_server.bytes / 4 > close.from_client.bytes
        {
            self.bulk(scene, close, &watched, out);
        }
        let trail = self.chain.peek(scene.setting.host);
        let Some(tool) = trail.and_then(|trail| {
            stories.iter().find_map(|serial| trail.holds_story(*serial)).cloned()
        }) else {
            return;
        };
        let (sent, received) = match scene.setting.host == scene.seen.flow.server.ip {
            true => (close.from_server.bytes, close.from_client.bytes),
            false => (close.from_client.bytes, close.from_server.bytes),
        };
        let lasted = close.last.since(close.opened);
        let carried = sent.saturating_add(received);
        let is_session = [SESSION_SHORT, SESSION_LONG]
            .into_iter()
            .any(|(least, bytes)| lasted >= least && carried >= bytes);
        if !is_session {
            return;
        }
        let way = if sent > received { "mostly out" } else { "mostly in" };
        let met = Met {
            stage: ChainStage::Session,
            at: close.last.max(tool.at),
            why: format!(
                "kept a session of {} for {}, {} sent and {} received, {way}",
                tool.name,
                spell(lasted),
                octets(sent),
                octets(received),
            )
            .into(),
            weight: Weight::Weak,
            sure_pct: SESSION_PCT,
            techniques: techniques(ChainStage::Session),
            story: None,
            told: None,
            ..tool
        };
        self.chain_meet(scene, met, out);
    }

    /// Incidents that are over are told a last time.
    pub(crate) fn chain_expire(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(incident) = self.chain.expire(self.now) {
            self.end_incident(incident, out);
        }
    }

    /// The capture ended.
    pub(crate) fn chain_finish(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(incident) = self.chain.take_first() {
            self.end_incident(incident, out);
        }
    }

    /// A story that is a stage ended: what it knows stays with the incident.
    pub(crate) fn chain_take(&mut self, host: std::net::IpAddr, serial: u64, case: &Case) {
        let incident = self.chain.get(host).and_then(|trail| trail.incident.as_mut());
        if let Some(incident) = incident {
            incident.absorb(serial, case, &self.limits);
        }
    }

    fn end_incident(&mut self, mut incident: Incident, out: &mut impl FnMut(Alert)) {
        let serials: Vec<u64> = incident.steps().filter_map(|step| step.story).collect();
        for serial in serials {
            if let Some(case) = self.stories.get(serial).and_then(|story| story.case.as_ref()) {
                incident.absorb(serial, case, &self.limits);
            }
        }
        if incident.has_news() {
            if let Some(alert) = incident.tell(true, self.now, &self.limits) {
                self.say(alert, out);
            }
        }
    }

    /// A large download under encryption.
    fn bulk(
        &mut self,
        scene: &Scene<'_>,
        close: &FlowClose,
        watched: &Watched,
        out: &mut impl FnMut(Alert),
    ) {
        let server = scene.seen.flow.server.ip.to_canonical().to_string();
        let name: Arc<str> = watched.name.as_ref().map_or(server.into(), |n| n.as_str().into());
        let subject: Arc<str> = registered(&name).into();
        let amount = octets(close.from_server.bytes);
        let met = Met {
            stage: ChainStage::Download,
            at: close.opened,
            why: format!("received {amount} from {name}").into(),
            name: Arc::clone(&name),
            evidence: vec![Evidence {
                source: if watched.name.is_some() { SignSource::TlsSni } else { SignSource::Address },
                value: name,
                pattern: "a large download".into(),
                list: MEMORY.into(),
                list_version: "-".into(),
                role: None,
                kind: None,
                expired: false,
            }],
            techniques: techniques(ChainStage::Download),
            ..self.weak(scene, &subject, watched.weight, BULK_PCT)
        };
        self.chain_meet(scene, met, out);
    }

    /// A new name that a program came from is the lure, or after a first program the second name.
    fn chain_meet_as_second(
        &mut self,
        scene: &Scene<'_>,
        mut met: Met,
        out: &mut impl FnMut(Alert),
    ) {
        let trail = self.chain.peek(scene.setting.host);
        let fetched = trail.and_then(|trail| trail.fetched(met.at, self.chain.windows.weak));
        if fetched.is_some_and(|earlier| earlier.subject != met.subject) {
            met.stage = ChainStage::SecondName;
            met.techniques = techniques(ChainStage::SecondName);
        }
        self.chain_meet(scene, met, out);
    }

    fn weak(&self, scene: &Scene<'_>, subject: &Arc<str>, weight: Weight, sure_pct: u8) -> Met {
        Met {
            stage: ChainStage::Lure,
            at: scene.seen.at,
            subject: Arc::clone(subject),
            name: Arc::clone(subject),
            why: "".into(),
            weight,
            sure_pct,
            story: None,
            told: None,
            spot: Spot {
                flow: scene.seen.flow,
                ingress: scene.seen.ingress.clone(),
                protocol: scene.protocol,
                server_name: scene.server_name().cloned(),
                target: Arc::clone(subject),
                direction: scene.setting.direction,
                reached: scene.reached,
                policy: PolicyVerdict {
                    authorised: false,
                    zone: scene.setting.zone.clone(),
                    rule: DENY_BY_DEFAULT.into(),
                },
                why: "".into(),
            },
            tool: None,
            operator: None,
            lure: None,
            evidence: Vec::new(),
            techniques: techniques(ChainStage::Lure),
        }
    }

    fn is_lured_by(&self, scene: &Scene<'_>, from: &From) -> bool {
        self.chain.peek(scene.setting.host).is_some_and(|trail| trail.has_lure(&from.subject))
    }

    /// A step is met: it may make an incident, or join the one that there is.
    fn chain_meet(&mut self, scene: &Scene<'_>, met: Met, out: &mut impl FnMut(Alert)) {
        let (host, at) = (scene.setting.host, scene.seen.at);
        let windows = self.chain.windows;
        let story = met.story;
        let Some(trail) = self.chain.of(host) else { return };
        let before = trail.incident.as_ref().map(|incident| incident.grown);
        let joins_known = trail.incident.as_ref().is_some_and(|incident| incident.holds(&met));
        if joins_known {
            if let Some(serial) = story {
                self.take_story(host, serial);
            }
            return;
        }
        trail.meet(met, windows);
        let steps = match &mut trail.incident {
            Some(_) => trail.take_new(),
            None => trail.ripe(at, windows).unwrap_or_default(),
        };
        if steps.is_empty() {
            return;
        }
        let serials: Vec<u64> = steps.iter().filter_map(|step| step.story).collect();
        let steps = steps.into_iter().map(|step| self.with_told(step)).collect::<Vec<_>>();
        let Some(trail) = self.chain.of(host) else { return };
        match &mut trail.incident {
            Some(incident) => {
                for step in steps {
                    incident.join(step, at);
                }
            }
            None => trail.incident = Some(Box::new(Incident::new(host, steps, at))),
        }
        for serial in serials {
            self.take_story(host, serial);
        }
        self.tell_incident(host, before, at, out);
    }

    /// What a step's story was told as, before it became a stage.
    fn with_told(&self, mut step: Met) -> Met {
        let story = step.story.and_then(|serial| self.stories.get(serial));
        let case = story.filter(|story| !story.absorbed).and_then(|story| story.case.as_ref());
        step.told = case.filter(|case| case.was_told()).map(|case| case.id);
        step
    }

    /// From now on the incident tells that story.
    fn take_story(&mut self, host: std::net::IpAddr, serial: u64) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        story.absorbed = true;
        let incident = self.chain.get(host).and_then(|trail| trail.incident.as_mut());
        if let (Some(incident), Some(case)) = (incident, &story.case) {
            incident.absorb(serial, case, &self.limits);
        }
    }

    fn tell_incident(
        &mut self,
        host: std::net::IpAddr,
        before: Option<Timestamp>,
        at: Timestamp,
        out: &mut impl FnMut(Alert),
    ) {
        let Some(incident) = self.chain.get(host).and_then(|trail| trail.incident.as_mut()) else {
            return;
        };
        let told = incident.grew().then(|| incident.tell(false, at, &self.limits)).flatten();
        let grown = incident.grown;
        self.chain.mark(host, before, grown);
        if let Some(alert) = told {
            self.say(alert, out);
        }
    }
}

/// What stands as the list of signs that no list has.
const MEMORY: &str = "memory";

/// Whom a file came from.
struct From {
    name: Arc<str>,
    subject: Arc<str>,
    is_address: bool,
}

fn source_of(scene: &Scene<'_>, file: &FileDownload) -> From {
    let name = file.host.as_ref().or(scene.server_name());
    let name = name.filter(|name| name.as_str().parse::<std::net::IpAddr>().is_err());
    match name.map(DomainName::as_str) {
        Some(name) => From {
            name: name.into(),
            subject: registered(name).into(),
            is_address: false,
        },
        None => {
            let address: Arc<str> = scene.seen.flow.server.ip.to_canonical().to_string().into();
            From { name: Arc::clone(&address), subject: address, is_address: true }
        }
    }
}

fn from_whom(scene: &Scene<'_>) -> String {
    match scene.server_name() {
        Some(name) => name.to_string(),
        None => scene.seen.flow.server.ip.to_string(),
    }
}

fn subject_of(tool: &str, operator: Option<&str>) -> Arc<str> {
    format!("{tool} {}", operator.unwrap_or("")).into()
}

/// What strangers do to our servers is no way to a session of ours, nor what hosts inside do among
/// themselves.
fn is_ours_to_follow(scene: &Scene<'_>) -> bool {
    match &scene.seen.fact {
        // Names are asked for inside.
        Fact::DnsQuery(_) | Fact::DnsAnswer(_) => !scene.inbound(),
        _ => matches!(scene.setting.direction, Direction::Outbound | Direction::External),
    }
}

fn is_new(known: Known, at: Timestamp) -> bool {
    let age = at.since(known.first);
    age <= if known.learnt { NEW_FOR } else { NEW_WHILE_LEARNING }
}

/// The stage that a contact is, with the name of what it is about; nothing where it says too
/// little.
fn contact(scene: &Scene<'_>, case: &Case, sign: &Match) -> Option<Met> {
    if case.severity().get() < LURE_SEVERITY_MIN || sign.specificity != Specificity::Specific {
        return None;
    }
    let (stage, subject, says) = match &sign.meaning {
        Meaning::Lure(lure) => {
            let says = match &lure.brand {
                Some((_, brand)) => format!("which imitates {brand}"),
                None => "which speaks like a help desk".to_owned(),
            };
            (ChainStage::Lure, Arc::clone(&lure.registrable), says)
        }
        Meaning::Indicator { stage, kind: ListKind::Attacker, .. } => {
            let says = format!("which the list {} reports", sign.list);
            let stage = match stage {
                Some(Stage::Second) => ChainStage::SecondName,
                Some(Stage::Relay) if scene.reached => ChainStage::Relay,
                Some(Stage::First | Stage::Relay) | None => ChainStage::Lure,
            };
            (stage, registered(&sign.value).into(), says)
        }
        Meaning::Indicator { .. } | Meaning::Tool { .. } => return None,
    };
    Some(Met {
        stage,
        at: scene.seen.at,
        subject,
        name: Arc::clone(&sign.value),
        why: format!("{}, {says}", sign.value).into(),
        weight: Weight::Strong,
        sure_pct: case.confidence_pct(),
        story: None,
        told: None,
        spot: case.spot.clone(),
        tool: None,
        operator: None,
        lure: case.lure.clone(),
        evidence: Vec::new(),
        techniques: techniques(stage),
    })
}
