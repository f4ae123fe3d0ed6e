//! The program and the lane's bookkeeping, without a kernel: run over frames by the interpreter.

mod filter;
mod frames;
mod life;
mod oracle;

use super::assembler::Instruction;
use super::interpreter::{COUNTERS_MAP, FLOWS_MAP, TWINS_MAP};
use super::program::{Setting, program};

/// Octets kept of a frame that passes.
const SNAP_LEN: u32 = 9000;

/// The program with the interpreter's maps.
fn code() -> Vec<Instruction> {
    let setting = Setting {
        flows: FLOWS_MAP,
        counters: COUNTERS_MAP,
        twins: TWINS_MAP,
        snap_len: SNAP_LEN,
        key: 0x1234_5678_9abc_def0,
    };
    program(&setting).expect("a program")
}
