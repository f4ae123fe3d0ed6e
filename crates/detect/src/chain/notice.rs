//! What of an observation may be a stage of an incident.

use std::sync::Arc;
use std::time::Duration;

use model::{
    Alert, ChainStage, Detection, Direction, Fact, ListKind, Match, Meaning, SignSource,
    Specificity, Stage, Timestamp,
};

use super::incident::techniques;
use super::step::{Met, SHORTLY, Weight, subject};
use super::trail::Trail;
use crate::detector::Detector;
use crate::judgement::Judged;
use crate::memory::{Known, ToolKnown};
use crate::registered::registered;
use crate::scene::Scene;
use crate::stories::Case;
use crate::weights::SHARED_SEVERITY_MAX;

/// A name is new for so long after it was first met, once the sensor has learnt.
const NEW_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// And for so long while it has not: everything is new then, and only what is met right before the
/// rest says anything.
const NEW_WHILE_LEARNING: Duration = Duration::from_secs(60 * 60);

/// A name that says less than this by itself, as one that leads nowhere, is no lure.
const LURE_SEVERITY_MIN: u8 = SHARED_SEVERITY_MAX + 5;

impl Detector {
    /// Remember the name that an observation is about; whether it is new here.
    pub(crate) fn chain_name(&mut self, scene: &Scene<'_>) -> bool {
        let Some(name) = scene.name() else { return false };
        if scene.setting.well_known || scene.inbound() {
            return false;
        }
        let print = self.owners.print(name.as_str());
        let known = self.firsts.see_name(print, scene.setting.host, scene.seen.at);
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
        let host = self.way_of(scene.setting.host);
        let Some(case) = self.stories.get(serial).and_then(|story| story.case.as_ref()) else {
            return;
        };
        if case.severity().get() < LURE_SEVERITY_MIN {
            if let Some(trail) = self.chain.get(host) {
                trail.forget(serial);
            }
            return;
        }
        let Some(mut met) = contact(scene, case, sign) else { return };
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
        let Some(case) = &story.case else { return };
        let Some(tool) = case.tool.clone() else { return };
        let known = story.known;
        let first_contact = known.is_some_and(|known| {
            let within = self.chain.windows.weak;
            let recent = |known: Known| scene.seen.at.since(known.first) <= within;
            recent(known.host) || known.operator.is_some_and(recent)
        });
        if known.is_some() && !first_contact {
            return;
        }
        let operator = story.operator().cloned();
        let use_of = Met {
            stage: ChainStage::Relay,
            at: scene.seen.at,
            subject: subject(&tool.0, operator.as_ref()),
            name: Arc::clone(&tool.1),
            why: "".into(),
            weight: Weight::Strong,
            sure_pct: case.confidence_pct(),
            story: Some(serial),
            told: None,
            spot: case.spot.clone(),
            tool: Some(tool),
            operator,
            perhaps_old: known.is_none_or(|known| !known.host.learnt),
            evidence: Vec::new(),
            techniques: techniques(ChainStage::Relay),
        };
        // Software that runs fetches its own newer versions: a download explains what follows it.
        if known.is_none()
            && let Some(met) = fetched(scene, judged, &use_of)
        {
            self.chain_meet(scene, met, out);
        }
        if !first_contact || !runs(scene, judged) {
            return;
        }
        let trail = self.chain.peek(self.way_of(scene.setting.host));
        let windows = self.chain.windows;
        let stage = match trail.and_then(|trail| Some((trail, trail.another(&use_of, windows)?))) {
            None => ChainStage::Relay,
            Some((trail, other)) if is_second(scene, known, trail, other) => ChainStage::SecondTool,
            Some(_) => return,
        };
        let why = use_of.begins();
        self.chain_meet(scene, Met { why, stage, ..use_of }, out);
    }
}

/// Whether a finding is of the tool alone, and says enough.
fn tells(severity: u8) -> bool {
    severity > SHARED_SEVERITY_MAX
}

/// The tool's file or installer, or the server that hands it out.
fn fetched(scene: &Scene<'_>, judged: &[Judged<'_>], use_of: &Met) -> Option<Met> {
    let mut found = judged.iter().filter_map(|(sign, finding)| Some((sign, (*finding)?)));
    let (sign, _) = found.find(|(_, finding)| {
        finding.weight.detection == Detection::Download && tells(finding.severity.get())
    })?;
    let file = sign.source == SignSource::HttpFile;
    let from = match scene.server_name() {
        Some(name) => name.to_string(),
        None => scene.seen.flow.server.ip.to_string(),
    };
    scene.reached.then(|| Met {
        stage: ChainStage::Download,
        name: Arc::clone(if file { &sign.value } else { &use_of.name }),
        why: format!("fetched {} from {from}", use_of.name).into(),
        weight: if file { Weight::Strong } else { Weight::Weak },
        techniques: techniques(ChainStage::Download),
        ..use_of.clone()
    })
}

/// Whether the signs show that the tool runs. A name of a service that was only asked for does not.
fn runs(scene: &Scene<'_>, judged: &[Judged<'_>]) -> bool {
    judged.iter().filter_map(|(_, finding)| *finding).any(|finding| {
        let asked = !scene.reached && finding.weight.detection == Detection::Api;
        let download = finding.weight.detection == Detection::Download;
        !download && !asked && tells(finding.severity.get())
    })
}

/// Whether a further tool is a stage: not one that the same server shows, as one product under two
/// names does, nor one that was there before the sensor was, for all that can be told.
fn is_second(scene: &Scene<'_>, known: Option<ToolKnown>, trail: &Trail, other: &Met) -> bool {
    let (at, server) = (scene.seen.at, scene.seen.flow.server.ip);
    let learnt = known.is_some_and(|known| known.host.learnt);
    let led = trail.lured(at, SHORTLY) || trail.fetched(at, SHORTLY).is_some();
    let at_once = (led || at.since(other.at) <= SHORTLY) && !scene.seen.flow.guessed;
    scene.reached && server != other.spot.flow.server.ip && (learnt || at_once)
}

/// What strangers do to our servers is no way to a session of ours, nor what hosts inside do among
/// themselves.
pub(super) fn is_ours_to_follow(scene: &Scene<'_>) -> bool {
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
    if sign.specificity != Specificity::Specific {
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
        perhaps_old: false,
        evidence: Vec::new(),
        techniques: techniques(stage),
    })
}
