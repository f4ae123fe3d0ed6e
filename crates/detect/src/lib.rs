//! Observations and matches in, alerts out: policy, memory, rules.
//!
//! For each observation, in the order of the timeline, a caller asks four things: that time
//! passes, where the flow lies, what intelligence knows of it, and what all that amounts to.
//! Nothing here reads a clock: the same observations give the same alerts.

mod alone;
mod caps;
mod chain;
mod circumstances;
mod contacts;
mod detector;
#[doc(hidden)]
pub mod fuzz;
mod inventory;
mod judgement;
pub mod limits;
mod memory;
mod policy;
mod registered;
mod rules;
mod scene;
#[cfg(test)]
mod scenes;
mod spread;
mod standing;
mod state;
mod stories;
mod voice;
mod weights;

pub use alone::Alone;
pub use detector::{Detector, Hits, Verdict};
pub use limits::Limits;
pub use memory::KnownHost;
pub use policy::{
    Account, HoursUsed, Learned, Level, Lint, LintOptions, Outcome, Policy, Remark, RuleAccount,
    RuleInfo, SuggestOptions, Suggestion, Topic, Visit, moment_text, read_moment,
};
pub use scene::name_of;
pub use state::{Restored, State, StateError, StateFault, VERSION as STATE_VERSION};
