//! What the kernel is asked for that no safe crate offers. The one module with `unsafe`: each
//! block says why it is sound, and nothing leaves this file that could be used wrongly.
//!
//! It knows nothing of packets: sockets, rings and programs are given out as plain safe values.
