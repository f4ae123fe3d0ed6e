//! Fuzz bodies: each takes any octets and asserts what must hold for all of them.

use crate::Policy;

/// Any text read as a policy: complaints lie inside of it, and reading is repeatable.
pub fn policy(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let lines = text.lines().count() + 1;
    let (policy, complaints) = Policy::parse("policy.toml", &text);
    for complaint in &complaints {
        assert!(usize::try_from(complaint.line).is_ok_and(|line| line <= lines), "{complaint}");
        assert!(complaint.column >= 1 && !complaint.why.is_empty(), "{complaint}");
        assert!(!complaint.fix.is_empty(), "{complaint}");
    }
    let (again, same) = Policy::parse("policy.toml", &text);
    assert_eq!(complaints, same);
    assert!(policy.rules().eq(again.rules()) && policy.zones().eq(again.zones()));
}
