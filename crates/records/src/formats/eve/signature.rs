//! What stands for a rule of ours where Suricata has a signature: its number, its class.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Chosen so that no two tools of the catalogue share a number. It never changes: the numbers
/// stand in other people's searches.
const SEED: u64 = 1;

/// Numbers of one kind of detection.
const SPAN: u64 = 100_000;

/// [`super::sid`].
pub(super) fn sid_of(rule_id: &str) -> u32 {
    let known = rule_id.strip_prefix("rmm.").and_then(|rest| rest.split_once('.'));
    let (class, rest) = match known {
        Some((word, rest)) if class(word) < OTHER => (class(word), rest),
        _ => (OTHER, rule_id),
    };
    let mut hash = SipHasher13::new_with_keys(0, SEED);
    hash.write(rest.as_bytes());
    // At most 1,999,999.
    u32::try_from(1_000_000 + class * SPAN + hash.finish() % SPAN).unwrap_or(1_999_999)
}

const OTHER: u64 = 9;

const fn class(word: &str) -> u64 {
    match word.as_bytes() {
        // The sensor's word of itself.
        b"sensor" => 0,
        b"relay" => 1,
        b"api" => 2,
        b"download" => 3,
        b"protocol" => 4,
        b"lure" => 5,
        b"indicator" => 6,
        b"campaign" => 7,
        b"inbound" => 8,
        _ => OTHER,
    }
}

/// What Suricata calls a class of rules, in the words of its own classes, by `rmm.detection`.
pub(super) fn category(detection: Option<&str>) -> &'static str {
    match detection {
        Some("lure") => "Possible Social Engineering Attempted",
        Some("indicator") => "Misc Attack",
        Some("campaign") => "Targeted Malicious Activity was Detected",
        Some("relay" | "api" | "download" | "protocol" | "inbound") => {
            "Potential Corporate Privacy Violation"
        }
        _ => "Misc activity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_change() {
        let table = [
            ("rmm.relay.anydesk", 1_100_000),
            ("rmm.download.anydesk", 1_300_000),
            ("rmm.campaign.chain", 1_700_000),
            ("rmm.later.anydesk", 1_900_000),
            ("rmm.relay", 1_900_000),
            ("", 1_900_000),
        ];
        let numbers = table.map(|(id, _)| sid_of(id));
        for ((id, from), number) in table.into_iter().zip(numbers) {
            assert!((from..from + 100_000).contains(&number), "{id}: {number}");
        }
        assert_eq!(sid_of("rmm.relay.anydesk") % 100_000, sid_of("rmm.inbound.anydesk") % 100_000);
    }
}
