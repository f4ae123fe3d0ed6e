//! TCP streams put in order, for as long as a reader wants them and no further.

mod alone;
mod buffer;
mod ending;
mod flight;
mod marks;
mod opening;
mod openings;
mod pieces;
mod probing;
mod second;
mod stream;

pub(crate) use buffer::{Budget, Buffer, Put};
pub(crate) use flight::Said;
pub(crate) use marks::{Marks, urgent};
pub(crate) use opening::{Opening, OverBudget};
pub(crate) use openings::Openings;
pub(crate) use stream::Window;
