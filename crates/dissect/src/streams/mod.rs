//! TCP streams put in order, for as long as a reader wants them and no further.

mod buffer;
mod opening;
mod stream;

pub(crate) use opening::{Opening, Openings, OverBudget};
pub(crate) use stream::Window;
