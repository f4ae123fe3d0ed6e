//! One stage as it was met, or what might become one.

use std::sync::Arc;
use std::time::Duration;

use model::{AlertId, ChainStage, Evidence, Timestamp, ToolId};

use crate::registered::registered;
use crate::stories::Spot;

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

    /// Whom it was met with: the registered name of the flow's server, else its address.
    pub(crate) fn place(&self) -> Arc<str> {
        match &self.spot.server_name {
            Some(name) => registered(name.as_str()).into(),
            None => self.spot.flow.server.ip.to_canonical().to_string().into(),
        }
    }

    /// Whether it is that stage of that thing.
    pub(crate) fn is_same(&self, other: &Met) -> bool {
        let stage = self.stage == other.stage || self.is_tool() && other.is_tool();
        stage && self.subject == other.subject
    }
}
