//! Records out, to the SOC.
//!
//! [`Delivery`] carries lines to where they were asked for. What a line says is not known here.

mod behind;
mod delivery;
mod error;
pub mod fuzz;
pub mod limits;
mod outputs;
pub mod sinks;
mod spooled;

pub use delivery::{Delivered, Delivery, Ending, Gone};
pub use error::DeliverError;
pub use outputs::{Output, Shape, Stream, Target};
pub use sinks::SinkState;
pub use spool::Options as SpoolOptions;
pub use spooled::{SpoolState, Spooling};
