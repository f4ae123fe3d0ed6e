//! libFuzzer over one of the project's fuzz bodies: the one that `RMMWATCH_FUZZ_BODY` names.

#![no_main]

use std::sync::OnceLock;

#[path = "../../benches/bodies/mod.rs"]
mod bodies;

static BODY: OnceLock<bodies::Body> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let body = BODY.get_or_init(|| {
        let name = std::env::var("RMMWATCH_FUZZ_BODY").unwrap_or_default();
        let found = bodies::all().into_iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("RMMWATCH_FUZZ_BODY names no body: `{name}`")).1
    });
    body(octets);
});
