//! Capture filters in libpcap's language, compiled once per link type.

use model::LinkType;
use pcap::{BpfProgram, Capture, Linktype};

use crate::error::CaptureError;

/// Link types that a filter is compiled for at once.
///
/// A capture may claim any number of them; frames of further ones are held back.
const PROGRAMS_MAX: usize = 256;

/// A capture filter.
pub(crate) struct Filter {
    text: String,
    programs: Vec<(LinkType, Option<BpfProgram>)>,
    /// Link types that it cannot be compiled for, and why; not yet reported.
    pub(crate) refused: Vec<(LinkType, String)>,
}

/// Whether a filter is understood, for Ethernet or else for another link that people capture on.
///
/// # Errors
/// The compiler's reason, for Ethernet.
pub fn check_filter(filter: &str) -> Result<(), CaptureError> {
    let links = [LinkType::ETHERNET, LinkType::RAW, LinkType::LINUX_SLL2, LinkType(105)];
    let mut first = None;
    for link in links {
        match compile(filter, link) {
            Ok(_) => return Ok(()),
            Err(why) => first = first.or(Some(why)),
        }
    }
    let why = first.unwrap_or_default();
    Err(CaptureError::Filter { filter: filter.to_owned(), why })
}

impl Filter {
    /// A filter; none where `text` lets everything pass.
    pub(crate) fn new(text: Option<&str>) -> Result<Option<Filter>, CaptureError> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        check_filter(text)?;
        Ok(Some(Filter { text: text.to_owned(), programs: Vec::new(), refused: Vec::new() }))
    }

    /// Whether a frame passes. `len` in a filter is the length that was kept.
    pub(crate) fn passes(&mut self, link: LinkType, bytes: &[u8]) -> bool {
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) {
            return program.as_ref().is_some_and(|program| program.filter(bytes));
        }
        if self.programs.len() >= PROGRAMS_MAX {
            return false;
        }
        let program = match compile(&self.text, link) {
            Ok(program) => Some(program),
            Err(why) => {
                self.refused.push((link, why));
                None
            }
        };
        let passes = program.as_ref().is_some_and(|program| program.filter(bytes));
        self.programs.push((link, program));
        passes
    }
}

/// Compile a filter for a link type.
fn compile(filter: &str, link: LinkType) -> Result<BpfProgram, String> {
    // libpcap's own numbers differ from those in files for a few old links (pcap/bpf.h).
    let dlt = match link.0 {
        100 => 11,
        101 => 12,
        102 => 15,
        103 => 16,
        106 => 19,
        other => i32::from(other),
    };
    let dead = Capture::dead(Linktype(dlt)).map_err(reason)?;
    dead.compile(filter, true).map_err(reason)
}

/// A filter for the kernel, as libpcap compiles it for that interface: a tag that the kernel takes
/// off is asked of the kernel. It keeps `snap_len` octets of what passes.
pub(crate) fn compiled_on(
    interface: &str,
    filter: &str,
    snap_len: u32,
) -> Result<Vec<(u16, u8, u8, u32)>, String> {
    const SMALL: i32 = 1 << 20;
    let handle = Capture::from_device(interface)
        .map_err(reason)?
        .promisc(false)
        .snaplen(i32::try_from(snap_len).unwrap_or(i32::MAX))
        .buffer_size(SMALL)
        .open()
        .map_err(reason)?;
    let program = handle.compile(filter, true).map_err(reason)?;
    // The binding shows a step only as text: code, jt, jf and k, with blanks between.
    let step = |text: String| {
        let mut numbers = text.split(' ').map_while(|number| number.parse::<u32>().ok());
        let (code, jt, jf) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let small = |number: u32| u8::try_from(number).ok();
        Some((u16::try_from(code).ok()?, small(jt)?, small(jf)?, numbers.next()?))
    };
    let steps = program.get_instructions().iter().map(|one| step(one.to_string()));
    steps.collect::<Option<_>>().ok_or_else(|| "its program cannot be read".to_owned())
}

/// libpcap's sentence, without what the binding puts around it.
pub(crate) fn reason(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(why) => why,
        other => other.to_string(),
    }
}
