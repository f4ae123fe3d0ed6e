//! A machine for the instructions that our program uses, to run it over frames without a kernel.
//! It is stricter than a kernel's would be: what was never written cannot be read.

use std::collections::HashMap;

use super::assembler::Instruction;
use super::layout::{COUNTERS_OCTETS, ENTRY_OCTETS, Entry, KEY_OCTETS, Key};
use super::program::TWINS;

// Where memory begins; far apart, so that no mistake leads from one into another.
const STACK_END: u64 = 1 << 40;
const PACKET: u64 = 2 << 40;
const ENTRIES: u64 = 3 << 40;
const COUNTERS: u64 = 4 << 40;
const MARKS: u64 = 5 << 40;

/// Descriptors that the program is to be made with.
pub(super) const FLOWS_MAP: i32 = 7;
pub(super) const COUNTERS_MAP: i32 = 8;
pub(super) const TWINS_MAP: i32 = 9;

/// The kernel's maps and clock.
pub(super) struct Machine {
    /// Keys have a place each, so that their values have addresses.
    places: HashMap<Key, usize>,
    entries: Vec<Option<Entry>>,
    pub(super) counters: Vec<[u8; COUNTERS_OCTETS]>,
    marks: Vec<u64>,
    /// The monotonic clock.
    pub(super) now: u64,
    /// Instructions that the last run took.
    pub(super) steps: usize,
}

/// One run over one frame.
struct Run<'a> {
    machine: &'a mut Machine,
    frame: &'a [u8],
    regs: [Option<u64>; 11],
    stack: [Option<u8>; 512],
}

impl Machine {
    pub(super) fn new(slots: usize) -> Machine {
        Machine {
            places: HashMap::new(),
            entries: Vec::new(),
            counters: vec![[0; COUNTERS_OCTETS]; slots],
            marks: vec![0; TWINS as usize],
            now: 1 << 40,
            steps: 0,
        }
    }

    /// As `bpf(BPF_MAP_UPDATE_ELEM)` and `bpf(BPF_MAP_DELETE_ELEM)`.
    pub(super) fn set(&mut self, key: Key, entry: Option<Entry>) {
        let place = *self.places.entry(key).or_insert(self.entries.len());
        self.entries.resize(self.entries.len().max(place + 1), None);
        self.entries[place] = entry;
    }

    /// What the program answers for a frame.
    pub(super) fn run(&mut self, code: &[Instruction], frame: &[u8]) -> u64 {
        let mut regs = [None; 11];
        (regs[1], regs[10]) = (Some(PACKET), Some(STACK_END));
        let mut run = Run { machine: self, frame, regs, stack: [None; 512] };
        let (mut at, mut steps) = (0usize, 0);
        loop {
            steps += 1;
            let one = code[at];
            at += 1;
            match one.code {
                0x95 => {
                    let answer = run.regs[0].expect("an answer");
                    self.steps = steps;
                    return answer;
                }
                // A wide load takes two; of a map, what counts is its descriptor.
                0x18 => {
                    let high = u64::from(code[at].number as u32) << 32;
                    run.regs[usize::from(one.to)] = Some(high | u64::from(one.number as u32));
                    at += 1;
                }
                0x85 => run.call(one.number),
                code if code & 7 == 5 => {
                    if code == 0x05 || run.holds(one) {
                        at = at.checked_add_signed(isize::from(one.offset)).expect("a place");
                    }
                }
                _ => run.step(one),
            }
        }
    }
}

impl Run<'_> {
    fn reg(&self, number: u8) -> u64 {
        self.regs[usize::from(number)].expect("a register that was set")
    }

    fn operand(&self, one: Instruction) -> u64 {
        match one.code & 8 {
            0 => i64::from(one.number) as u64,
            _ => self.reg(one.from),
        }
    }

    fn holds(&self, one: Instruction) -> bool {
        let (left, right) = (self.reg(one.to), self.operand(one));
        match one.code & 0xf0 {
            0x10 => left == right,
            0x20 => left > right,
            0x40 => left & right != 0,
            0x50 => left != right,
            0xa0 => left < right,
            other => panic!("a jump {other:#x}"),
        }
    }

    fn step(&mut self, one: Instruction) {
        let address = |reg: u64| reg.wrapping_add_signed(i64::from(one.offset));
        let octets = match one.code & 0x18 {
            0x00 => 4,
            0x08 => 2,
            0x10 => 1,
            _ => 8,
        };
        match (one.code & 7, one.code & 0xe0) {
            (1, 0x60) => {
                let value = self.load(address(self.reg(one.from)), octets as u64);
                self.regs[usize::from(one.to)] = Some(value);
            }
            (2, 0x60) => {
                self.store(address(self.reg(one.to)), octets, i64::from(one.number) as u64)
            }
            (3, 0x60) => self.store(address(self.reg(one.to)), octets, self.reg(one.from)),
            (3, 0xc0) => {
                let at = address(self.reg(one.to));
                let sum = self.load(at, 8).wrapping_add(self.reg(one.from));
                self.store(at, 8, sum);
            }
            (4, _) => {
                assert_eq!((one.code, one.number), (0xdc, 16));
                let value = (self.reg(one.to) as u16).to_be();
                self.regs[usize::from(one.to)] = Some(u64::from(value));
            }
            (7, _) => {
                let right = self.operand(one);
                let left = || self.reg(one.to);
                let value = match one.code & 0xf0 {
                    0x00 => left().wrapping_add(right),
                    0x20 => left().wrapping_mul(right),
                    0x50 => left() & right,
                    0x60 => left() << right,
                    0x70 => left() >> right,
                    0xa0 => left() ^ right,
                    0xb0 => right,
                    other => panic!("an operation {other:#x}"),
                };
                self.regs[usize::from(one.to)] = Some(value);
            }
            _ => panic!("an instruction {:#x}", one.code),
        }
    }

    fn call(&mut self, number: i32) {
        let asked: Vec<u64> = (1..=4).map(|reg| self.regs[reg].unwrap_or(0)).collect();
        let answer = match number {
            1 => self.look_up(asked[0], asked[1]),
            5 => self.machine.now,
            26 => {
                assert_eq!(asked[0], PACKET);
                let (from, len) = (asked[1] as usize, asked[3] as usize);
                let found = self.frame.get(from..from + len);
                let octets = found.map_or(vec![0; len], <[u8]>::to_vec);
                for (octet, at) in octets.iter().zip(asked[2]..) {
                    self.store(at, 1, u64::from(*octet));
                }
                if found.is_some() { 0 } else { -14i64 as u64 }
            }
            other => panic!("a call {other}"),
        };
        self.regs[..6].fill(None);
        self.regs[0] = Some(answer);
    }

    fn look_up(&self, map: u64, key: u64) -> u64 {
        let number = |bound| match self.load(key, 4) {
            number if number < bound => Some(number),
            _ => None,
        };
        match map as i32 {
            FLOWS_MAP => {
                let octets: Vec<u8> =
                    (0..KEY_OCTETS as u64).map(|at| self.load(key + at, 1) as u8).collect();
                let place = self.machine.places.get(&Key(octets.try_into().expect("a key")));
                match place.filter(|place| self.machine.entries[**place].is_some()) {
                    Some(place) => ENTRIES + (place * ENTRY_OCTETS) as u64,
                    None => 0,
                }
            }
            COUNTERS_MAP => number(self.machine.counters.len() as u64)
                .map_or(0, |slot| COUNTERS + slot * COUNTERS_OCTETS as u64),
            TWINS_MAP => number(u64::from(TWINS)).map_or(0, |place| MARKS + 8 * place),
            other => panic!("a map {other}"),
        }
    }

    fn load(&self, at: u64, octets: u64) -> u64 {
        let bytes: Vec<u8> = (at..at + octets).map(|at| self.octet(at)).collect();
        match bytes.as_slice() {
            [one] => u64::from(*one),
            &[a, b] => u64::from(u16::from_ne_bytes([a, b])),
            &[a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
            other => u64::from_ne_bytes(other.try_into().expect("eight octets")),
        }
    }

    fn octet(&self, at: u64) -> u8 {
        if at < STACK_END {
            return self.stack[(at + 512 - STACK_END) as usize].expect("what was written");
        }
        let within = (at & 0xff_ffff_ffff) as usize;
        match at & !0xff_ffff_ffff {
            PACKET => {
                // Its first field is its length.
                assert!(within < 4);
                (self.frame.len() as u32).to_ne_bytes()[within]
            }
            ENTRIES => {
                let entry = self.machine.entries[within / ENTRY_OCTETS].expect("an entry");
                entry.octets()[within % ENTRY_OCTETS]
            }
            COUNTERS => self.machine.counters[within / COUNTERS_OCTETS][within % COUNTERS_OCTETS],
            MARKS => self.machine.marks[within / 8].to_ne_bytes()[within % 8],
            _ => panic!("no memory at {at:#x}"),
        }
    }

    fn store(&mut self, at: u64, octets: usize, value: u64) {
        let bytes = match octets {
            1 => vec![value as u8],
            2 => (value as u16).to_ne_bytes().to_vec(),
            4 => (value as u32).to_ne_bytes().to_vec(),
            _ => value.to_ne_bytes().to_vec(),
        };
        let within = (at & 0xff_ffff_ffff) as usize;
        if at < STACK_END {
            let at = (at + 512 - STACK_END) as usize;
            // As the kernel's verifier wants it.
            assert_eq!(at % octets, 0, "on the stack, things are aligned");
            self.stack[at..at + octets]
                .copy_from_slice(&bytes.into_iter().map(Some).collect::<Vec<_>>());
        } else if at & !0xff_ffff_ffff == COUNTERS {
            let (slot, within) = (within / COUNTERS_OCTETS, within % COUNTERS_OCTETS);
            self.machine.counters[slot][within..within + octets].copy_from_slice(&bytes);
        } else if at & !0xff_ffff_ffff == MARKS {
            assert_eq!(octets, 8);
            self.machine.marks[within / 8] = value;
        } else {
            panic!("nothing is written at {at:#x}");
        }
    }
}
