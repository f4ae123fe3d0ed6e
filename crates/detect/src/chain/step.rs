//! One stage as it was met, or what might become one.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{AlertId, ChainStage, Evidence, Timestamp, ToolId};

use crate::registered::registered;
use crate::stories::{Case, Spot};

/// Something that a host met on what may be a way from a lure to a session.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) stage: ChainStage,
    pub(crate) at: Timestamp,
    /// What tells it apart from others of its stage: the registered name, or tool and operator.
    pub(crate) subject: Arc<str>,
    /// The name, file or tool, for people.
    pub(crate) name: Arc<str>,
    /// Why it counts, a clause for people that follows the host: `fetched a program from …`.
    pub(crate) why: Arc<str>,
    pub(crate) weight: Weight,
    /// How sure it makes us, per cent.
    pub(crate) sure_pct: u8,
    /// The story that it is, where it is one.
    pub(crate) story: Option<u64>,
    /// The alert that told that story before it became a stage.
    pub(crate) told: Option<AlertId>,
    /// Where it was met.
    pub(crate) spot: Spot,
    pub(crate) tool: Option<(ToolId, Arc<str>)>,
    pub(crate) operator: Option<Arc<str>>,
    /// Of a tool: it ran before the sensor could know, for all that can be told.
    pub(crate) perhaps_old: bool,
    /// What shows it, where no story does.
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) techniques: &'static [&'static str],
}

/// How much a stage proves, and what it needs beside it to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weight {
    /// It tells a story by itself. A lure is remembered for longer.
    Strong,
    /// It counts beside a strong one within the window.
    Weak,
    /// It counts after a strong lure only: everyone fetches things from there.
    AfterLure,
    /// It counts after a strong lure, or shortly before a relay that no vendor runs.
    BeforeOwnRelay,
}

/// How far apart a download under encryption and the relay that it explains may be.
///
/// Portable programs start at once; people look for the file, and read a code out on the phone.
pub(crate) const SHORTLY: Duration = Duration::from_secs(10 * 60);

impl Met {
    pub(crate) fn is_tool(&self) -> bool {
        matches!(self.stage, ChainStage::Relay | ChainStage::SecondTool)
    }

    /// Whether a stage comes before the tool: how the tool got here.
    pub(crate) fn leads(&self) -> bool {
        matches!(self.stage, ChainStage::Lure | ChainStage::Download | ChainStage::SecondName)
    }

    pub(crate) fn is_strong_lure(&self) -> bool {
        self.stage == ChainStage::Lure && self.weight == Weight::Strong
    }

    /// The address of the host that met it; hosts inside open what makes a stage.
    pub(crate) fn host(&self) -> IpAddr {
        self.spot.flow.client.ip
    }

    /// Whom it was met with: the registered name of the flow's server, else its address.
    pub(crate) fn place(&self) -> Arc<str> {
        match &self.spot.server_name {
            Some(name) => registered(name.as_str()).into(),
            None => self.spot.flow.server.ip.to_canonical().to_string().into(),
        }
    }

    /// Whether it is that stage of that thing. A tool is one whatever its operator is called by
    /// now; a name that led somewhere is not the second name, too.
    pub(crate) fn is_same(&self, other: &Met) -> bool {
        if self.is_tool() && other.is_tool() && self.story.is_some() && self.story == other.story {
            return true;
        }
        let stage = self.stage == other.stage
            || self.is_tool() && other.is_tool()
            || self.is_name() && other.is_name();
        stage && self.subject == other.subject
    }

    fn is_name(&self) -> bool {
        matches!(self.stage, ChainStage::Lure | ChainStage::SecondName)
    }

    /// It is met again, and what is known better of it by now counts. Its time and stage stay.
    pub(crate) fn learn(&mut self, again: Met) {
        let stronger = again.weight == Weight::Strong && self.weight != Weight::Strong;
        if self.is_tool() || stronger {
            let told = self.told.or(again.told);
            *self = Met { stage: self.stage, at: self.at, told, ..again };
        }
    }

    /// What its story is told by now, where it is the use of a tool: its operator may have become
    /// known, and a server reached.
    pub(crate) fn follow(&mut self, case: &Case, operator: Option<&Arc<str>>) {
        self.spot = case.spot.clone();
        self.sure_pct = self.sure_pct.max(case.confidence_pct());
        if let Some((id, _)) = &self.tool {
            self.subject = subject(id, operator);
            self.operator = operator.cloned();
            self.why = self.begins();
        }
    }

    /// How the use of a tool is told in a chain.
    pub(crate) fn begins(&self) -> Arc<str> {
        let (name, target) = (&self.name, &self.spot.target);
        match (&self.operator, self.spot.reached) {
            (Some(operator), true) => format!("began to use {name} run by {operator}"),
            (None, true) => format!("began to use {name} with {target}"),
            (Some(operator), false) if target.contains(&**operator) => {
                format!("asked for {target}, which serves {name}")
            }
            (Some(operator), false) => {
                format!("asked for {target}, which serves {name}, run by {operator}")
            }
            (None, false) => format!("asked for {target}, which serves {name}"),
        }
        .into()
    }
}

/// What tells one tool's use apart from another's.
pub(crate) fn subject(tool: &ToolId, operator: Option<&Arc<str>>) -> Arc<str> {
    format!("{tool} {}", operator.map_or("", |operator| operator)).into()
}
