//! TCP streams put in order, for as long as a reader wants them and no further.

mod buffer;
mod opening;
mod openings;
mod stream;

pub(crate) use buffer::{Budget, Buffer, Put};
pub(crate) use opening::{Opening, OverBudget};
pub(crate) use openings::Openings;
pub(crate) use stream::Window;
