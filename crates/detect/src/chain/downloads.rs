//! Programs that come down, in clear or not, and sessions: what a flow carries.

use std::sync::Arc;

use model::{
    Alert, ChainStage, DomainName, Evidence, Fact, FileDownload, FlowClose, PolicyVerdict,
    SignSource,
};

use super::incident::{octets, spell, techniques};
use super::notice::is_ours_to_follow;
use super::step::{Met, SHORTLY, Weight};
use super::sum::{BULK_PCT, NEW_NAME_PCT, PROGRAM_PCT, SESSION_PCT};
use super::trails::Watched;
use crate::circumstances;
use crate::detector::Detector;
use crate::judgement::DENY_BY_DEFAULT;
use crate::limits::DOWNLOAD_BYTES_MIN;
use crate::registered::registered;
use crate::scene::Scene;
use crate::standing::is_session;
use crate::stories::Spot;

impl Detector {
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
        let mut all = Vec::new();
        if new && !lured && !from.is_address {
            let met = Met {
                stage: ChainStage::Lure,
                name: Arc::clone(&from.name),
                why: format!("reached {}, which nobody here knew before", from.name).into(),
                evidence: vec![sign(SignSource::HttpHost, Arc::clone(&from.name), "new here")],
                ..self.weak(scene, &from.subject, Weight::Weak, NEW_NAME_PCT)
            };
            all.push(self.perhaps_second(scene, met));
        }
        let trail = self.chain.peek(self.way_of(scene.setting.host));
        if !trail.is_some_and(|trail| trail.has_download(&scene.seen.flow, scene.seen.at, name)) {
            all.push(Met {
                stage: ChainStage::Download,
                name: name.into(),
                why: format!("fetched the program {name} from {}", from.name).into(),
                evidence: vec![sign(SignSource::HttpFile, name.into(), "a program")],
                techniques: techniques(ChainStage::Download),
                ..self.weak(scene, &from.subject, weight, PROGRAM_PCT)
            });
        }
        if !all.is_empty() {
            self.chain_meet_all(scene, all, out);
        }
    }

    /// A hello: the flow may carry a download that cannot be seen.
    pub(crate) fn chain_hello(&mut self, scene: &Scene<'_>, new: bool) {
        let Fact::TlsHello(_) = &scene.seen.fact else { return };
        if !is_ours_to_follow(scene) || self.policy.is_ours(scene.seen.flow.server.ip) {
            return;
        }
        let name = scene.server_name();
        let trail = self.chain.peek(self.way_of(scene.setting.host));
        let lured = trail.is_some_and(|trail| trail.lured(scene.seen.at, SHORTLY));
        let weight = match (lured, new || name.is_none()) {
            (true, _) => Weight::AfterLure,
            (false, true) => Weight::BeforeOwnRelay,
            (false, false) => return,
        };
        self.chain.watch(&scene.seen.flow, Watched { name: name.cloned(), weight });
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
        if stories.is_empty() {
            return;
        }
        let trail = self.chain.peek(self.way_of(scene.setting.host));
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
        if !is_session(lasted, carried) {
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
            evidence: vec![sign(
                if watched.name.is_some() { SignSource::TlsSni } else { SignSource::Address },
                name,
                "a large download",
            )],
            techniques: techniques(ChainStage::Download),
            ..self.weak(scene, &subject, watched.weight, BULK_PCT)
        };
        self.chain_meet(scene, met, out);
    }

    /// A new name that a program came from is the lure, or after a first program the second name.
    fn perhaps_second(&self, scene: &Scene<'_>, mut met: Met) -> Met {
        let trail = self.chain.peek(self.way_of(scene.setting.host));
        let fetched = trail.and_then(|trail| trail.fetched(met.at, self.chain.windows.weak));
        if fetched.is_some_and(|earlier| earlier.place() != met.subject) {
            met.stage = ChainStage::SecondName;
            met.techniques = techniques(ChainStage::SecondName);
        }
        met
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
                foreign: false,
                why: "".into(),
            },
            tool: None,
            operator: None,
            perhaps_old: false,
            evidence: Vec::new(),
            techniques: techniques(ChainStage::Lure),
        }
    }

    fn is_lured_by(&self, scene: &Scene<'_>, from: &From) -> bool {
        self.chain
            .peek(self.way_of(scene.setting.host))
            .is_some_and(|trail| trail.has_lure(&from.subject))
    }
}

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
        Some(name) => {
            From { name: name.into(), subject: registered(name).into(), is_address: false }
        }
        None => {
            let address: Arc<str> = scene.seen.flow.server.ip.to_canonical().to_string().into();
            From { name: Arc::clone(&address), subject: address, is_address: true }
        }
    }
}

/// A sign that no list has: what the sensor remembers speaks for it.
fn sign(source: SignSource, value: Arc<str>, pattern: &str) -> Evidence {
    Evidence {
        source,
        value,
        pattern: pattern.into(),
        list: "memory".into(),
        list_version: "-".into(),
        role: None,
        kind: None,
        expired: false,
    }
}
