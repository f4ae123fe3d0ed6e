//! A small assembler for eBPF (the kernel's `Documentation/bpf/instruction-set.rst`, RFC 9669):
//! instructions as plain values, jumps to labels. Only what our program needs.

/// A register. `R0` has what a call or the program answers, `R1` to `R5` what a call is asked,
/// `R6` to `R9` outlive calls, `FP` is the end of the 512 octets of stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reg {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    Fp,
}

/// What is calculated (RFC 9669 §4.1), as it stands in the high half of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Add = 0x00,
    Mul = 0x20,
    And = 0x50,
    ShiftLeft = 0x60,
    ShiftRight = 0x70,
    Xor = 0xa0,
    Move = 0xb0,
}

/// When a jump is taken (RFC 9669 §4.3); numbers have no sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    Equal = 0x10,
    Greater = 0x20,
    /// Any of these bits is set.
    AnyOf = 0x40,
    NotEqual = 0x50,
    Less = 0xa0,
}

/// How many octets are loaded or stored (RFC 9669 §5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Size {
    Word = 0x00,
    Half = 0x08,
    Byte = 0x10,
    Double = 0x18,
}

/// The kernel's functions that our program calls (linux/bpf.h, `enum bpf_func_id`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Call {
    /// A map and the address of a key: the address of the value, or 0.
    MapLookUp = 1,
    /// Nanoseconds of the monotonic clock.
    Nanoseconds = 5,
    /// The packet, an offset, where to, and how many octets: 0, or what is wrong.
    LoadOctets = 26,
}

/// A number, or a register that has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operand {
    Reg(Reg),
    Number(i32),
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Operand {
        Operand::Reg(reg)
    }
}

impl From<i32> for Operand {
    fn from(number: i32) -> Operand {
        Operand::Number(number)
    }
}

/// One instruction, as the kernel takes it (linux/bpf.h, `struct bpf_insn`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Instruction {
    pub(super) code: u8,
    pub(super) to: u8,
    pub(super) from: u8,
    pub(super) offset: i16,
    pub(super) number: i32,
}

impl Instruction {
    /// Its octets, in this machine's order.
    pub(super) fn octets(self) -> [u8; 8] {
        // Two fields of four bits, which C lays out in the machine's order too.
        let registers = if cfg!(target_endian = "little") {
            self.from << 4 | self.to
        } else {
            self.to << 4 | self.from
        };
        let [a, b] = self.offset.to_ne_bytes();
        let [c, d, e, f] = self.number.to_ne_bytes();
        [self.code, registers, a, b, c, d, e, f]
    }
}

/// A place in the program to jump to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(usize);

/// A program that is being written.
#[derive(Default)]
pub(super) struct Assembler {
    code: Vec<Instruction>,
    /// Where each label is, once it was placed.
    places: Vec<Option<usize>>,
    /// Jumps, and where they go.
    jumps: Vec<(usize, Label)>,
}

// Classes and modes of the code (RFC 9669 §3.1, §5).
const LOAD_WIDE: u8 = 0x18;
const LOAD: u8 = 0x61;
const STORE_NUMBER: u8 = 0x62;
const STORE: u8 = 0x63;
const STORE_ATOMIC: u8 = 0xc3;
const JUMP: u8 = 0x05;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
const CALCULATE: u8 = 0x07;
const TO_NETWORK_ORDER: u8 = 0xdc;
/// The operand is a register.
const BY_REGISTER: u8 = 0x08;
/// Of a wide load: the number is a map's descriptor.
const MAP: u8 = 1;

impl Assembler {
    /// A label that has no place yet.
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// What comes next is where `label` is.
    pub(super) fn place(&mut self, label: Label) {
        if let Some(place) = self.places.get_mut(label.0) {
            *place = Some(self.code.len());
        }
    }

    fn push(&mut self, code: u8, to: Reg, from: Reg, offset: i16, number: i32) {
        let (to, from) = (to as u8, from as u8);
        self.code.push(Instruction { code, to, from, offset, number });
    }

    /// An instruction whose operand may be either.
    fn push_with(&mut self, code: u8, to: Reg, operand: Operand, offset: i16) {
        match operand {
            Operand::Reg(from) => self.push(code | BY_REGISTER, to, from, offset, 0),
            Operand::Number(number) => self.push(code, to, Reg::R0, offset, number),
        }
    }

    /// `to = to op operand`, in 64 bits.
    pub(super) fn calculate(&mut self, op: Op, to: Reg, operand: impl Into<Operand>) {
        self.push_with(CALCULATE | op as u8, to, operand.into(), 0);
    }

    /// `to = operand`, in 64 bits.
    pub(super) fn put(&mut self, to: Reg, operand: impl Into<Operand>) {
        self.calculate(Op::Move, to, operand);
    }

    /// `to = number`, whatever its 64 bits.
    pub(super) fn put_wide(&mut self, to: Reg, number: u64) {
        // The halves, as they are.
        self.push(LOAD_WIDE, to, Reg::R0, 0, number as u32 as i32);
        self.push(0, Reg::R0, Reg::R0, 0, (number >> 32) as u32 as i32);
    }

    /// `to =` the map that has this descriptor.
    pub(super) fn put_map(&mut self, to: Reg, descriptor: i32) {
        self.code.push(Instruction {
            code: LOAD_WIDE,
            to: to as u8,
            from: MAP,
            offset: 0,
            number: descriptor,
        });
        self.push(0, Reg::R0, Reg::R0, 0, 0);
    }

    /// The low 16 bits from the network's order into the machine's.
    pub(super) fn network_order(&mut self, reg: Reg) {
        self.push(TO_NETWORK_ORDER, reg, Reg::R0, 0, 16);
    }

    /// `to = *(from + offset)`, without sign.
    pub(super) fn load(&mut self, size: Size, to: Reg, from: Reg, offset: i16) {
        self.push(LOAD | size as u8, to, from, offset, 0);
    }

    /// `*(to + offset) = operand`.
    pub(super) fn store(&mut self, size: Size, to: Reg, offset: i16, operand: impl Into<Operand>) {
        match operand.into() {
            Operand::Reg(from) => self.push(STORE | size as u8, to, from, offset, 0),
            Operand::Number(number) => {
                self.push(STORE_NUMBER | size as u8, to, Reg::R0, offset, number);
            }
        }
    }

    /// `*(to + offset) += from`, in 64 bits, whatever other processors do meanwhile.
    pub(super) fn add_atomic(&mut self, to: Reg, offset: i16, from: Reg) {
        self.push(STORE_ATOMIC | Size::Double as u8, to, from, offset, 0);
    }

    /// Go to `label`.
    pub(super) fn jump(&mut self, label: Label) {
        self.jumps.push((self.code.len(), label));
        self.push(JUMP, Reg::R0, Reg::R0, 0, 0);
    }

    /// Go to `label` if `reg when operand`, in 64 bits.
    pub(super) fn jump_if(
        &mut self,
        reg: Reg,
        when: When,
        operand: impl Into<Operand>,
        label: Label,
    ) {
        self.jumps.push((self.code.len(), label));
        self.push_with(JUMP | when as u8, reg, operand.into(), 0);
    }

    /// Call a function of the kernel's: what it is asked is in `R1` to `R5`, which are lost.
    pub(super) fn call(&mut self, call: Call) {
        self.push(CALL, Reg::R0, Reg::R0, 0, call as i32);
    }

    /// The program ends; `R0` is what it answers.
    pub(super) fn exit(&mut self) {
        self.push(EXIT, Reg::R0, Reg::R0, 0, 0);
    }

    /// The program; nothing when a jump goes nowhere or too far.
    pub(super) fn finish(mut self) -> Option<Vec<Instruction>> {
        for (at, label) in &self.jumps {
            let place = self.places.get(label.0).copied().flatten()?;
            // Counted from the instruction behind the jump.
            let distance = i64::try_from(place).ok()? - i64::try_from(*at).ok()? - 1;
            self.code.get_mut(*at)?.offset = i16::try_from(distance).ok()?;
        }
        Some(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel's own assembler (llvm-mc -triple bpfel) writes them.
    #[test]
    #[cfg(target_endian = "little")]
    fn instructions_are_those_of_the_kernel() {
        type Write = fn(&mut Assembler);
        let table: &[(&str, Write, u64)] = &[
            ("r1 = 5", |asm| asm.put(Reg::R1, 5), 0x0000_0005_0000_01b7),
            ("r2 = r10", |asm| asm.put(Reg::R2, Reg::Fp), 0x0000_0000_0000_a2bf),
            ("r3 &= -2", |asm| asm.calculate(Op::And, Reg::R3, -2), 0xffff_fffe_0000_0357),
            ("r3 ^= r4", |asm| asm.calculate(Op::Xor, Reg::R3, Reg::R4), 0x0000_0000_0000_43af),
            ("r7 = be16 r7", |asm| asm.network_order(Reg::R7), 0x0000_0010_0000_07dc),
            (
                "r1 = *(u16 *)(r10 - 8)",
                |asm| asm.load(Size::Half, Reg::R1, Reg::Fp, -8),
                0x0000_0000_fff8_a169,
            ),
            (
                "*(u64 *)(r10 + 16) = r9",
                |asm| asm.store(Size::Double, Reg::Fp, 16, Reg::R9),
                0x0000_0000_0010_9a7b,
            ),
            (
                "*(u32 *)(r10 - 4) = 3",
                |asm| asm.store(Size::Word, Reg::Fp, -4, 3),
                0x0000_0003_fffc_0a62,
            ),
            (
                "lock *(u64 *)(r0 + 8) += r7",
                |asm| asm.add_atomic(Reg::R0, 8, Reg::R7),
                0x0000_0000_0008_70db,
            ),
            ("call 26", |asm| asm.call(Call::LoadOctets), 0x0000_001a_0000_0085),
            ("exit", |asm| asm.exit(), 0x0000_0000_0000_0095),
        ];
        for (text, write, want) in table {
            let mut asm = Assembler::default();
            write(&mut asm);
            let code = asm.finish().unwrap();
            assert_eq!(u64::from_le_bytes(code[0].octets()), *want, "{text}");
        }
    }

    #[test]
    fn jumps_are_counted_from_behind_them() {
        let mut asm = Assembler::default();
        let (back, on) = (asm.label(), asm.label());
        asm.place(back);
        asm.jump_if(Reg::R1, When::Less, Reg::R2, on);
        asm.jump(back);
        asm.place(on);
        asm.exit();
        let code = asm.finish().unwrap();
        assert_eq!(code.iter().map(|one| one.offset).collect::<Vec<_>>(), [1, -2, 0]);
        assert_eq!(code[0].code, 0xad);
    }

    #[test]
    fn a_label_without_a_place_makes_no_program() {
        let mut asm = Assembler::default();
        let nowhere = asm.label();
        asm.jump(nowhere);
        assert_eq!(asm.finish(), None);
    }
}
