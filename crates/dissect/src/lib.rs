//! Frames in, facts out: layers, flows, reassembly, protocols.
//!
//! A frame is peeled to its TCP segment or UDP datagram (`layers`), out of several fragments where
//! need be (`fragments`), and once where it was mirrored twice (`twins`). It finds its flow
//! (`flows`), and, while something is still wanted of that flow (`conversations`), is put in order
//! (`streams`) and read (`protocols`). Whatever a reader learns leaves as an
//! [`Observation`](model::Observation). There is no clock, thread or file here: time comes in
//! with the frames, so a replayed file is the live sensor.

mod closing;
mod conversations;
mod desk;
mod dissector;
mod ends;
mod flows;
mod fragments;
#[doc(hidden)]
pub mod fuzz;
mod hints;
mod layers;
mod limits;
mod protocols;
mod rest;
mod shard;
mod streams;
#[cfg(test)]
mod trials;
mod twins;

pub use closing::Closing;
pub use dissector::{Dissector, Seed};
pub use limits::{
    FLOWS_MAX, FRAGMENTED_MAX, FRAGMENTS_BYTES_MAX, HOLES_MAX, Limits, OPENING_LEN_MAX,
    OPENINGS_BYTES_MAX, TCP_HALF_OPEN, TCP_IDLE, TCP_LINGER, UDP_IDLE,
};
pub use rest::{Credit, Rest};
pub use shard::{SHARDS, Shards, shard};
