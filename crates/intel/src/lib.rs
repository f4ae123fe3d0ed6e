//! Text in, an index out; observations in, matches out.
//!
//! Catalogue, feeds, labels and gate are texts that the program reads from files. A
//! [`BookBuilder`] compiles them into a [`Book`], which says of an observation what it points to
//! and of a name why. It knows no packet, host or time, and not whether a thing is allowed here.

mod book;
mod builder;
mod catalogue;
mod chains;
mod day;
mod difference;
mod explain;
mod feeding;
mod formats;
#[doc(hidden)]
pub mod fuzz;
#[doc(hidden)]
pub mod fuzz_feeds_json;
#[doc(hidden)]
pub mod fuzz_feeds_lines;
#[doc(hidden)]
pub mod fuzz_feeds_xml;
mod gate;
mod gating;
mod glob;
mod index;
mod indicators;
mod labels;
pub mod limits;
mod lines;
mod listed;
mod look_up;
mod lookalikes;
mod met;
mod names;
mod naming;
mod networks;
mod pattern;
mod pile;
mod resolvers;
mod rows;
mod self_test;
mod sheet;
mod signature;
mod texts;
mod weigh;

pub use book::Book;
pub use builder::BookBuilder;
pub use difference::FeedChange;
pub use explain::{Asked, Explanation, Tier};
pub use feeding::feed_formats;
pub use rows::{Column, FeedInfo, FeedOptions, Hosting, Row, RowKind, Tool, specificity_word};
