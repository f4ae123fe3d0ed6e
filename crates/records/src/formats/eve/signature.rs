//! What stands for a rule of ours where Suricata has a signature: its number, its class.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Chosen so that no two tools of the catalogue share a number. It never changes: the numbers
/// stand in other people's searches.
const SEED: u64 = 1;

/// Numbers of one kind of detection.
const SPAN: u64 = 100_000;

/// The number that EVE knows the rule of a native alert by (`alert.signature_id`), from its
/// `rule.id`: 1,000,000 to 1,999,999, the range that is kept for local rules.
///
/// It is 1,000,000, 100,000 for each number of the kind of detection (the sensor's own 0, relay 1,
/// api 2, download 3, protocol 4, lure 5, indicator 6, campaign 7, inbound 8, anything else 9), and
/// what follows from the rest of the id, so that a tool has the same last five digits in every
/// kind. It depends on nothing else. Two tools can share a number, by chance one pair in 100,000; a
/// test holds that no two of the lists that are shipped do.
#[must_use]
pub fn sid(rule_id: &str) -> u32 {
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

    /// They stand in other people's searches and suppressions.
    #[test]
    fn numbers_never_change() {
        let table = [
            ("rmm.sensor.records-lost", 1_039_679),
            ("rmm.relay.anydesk", 1_153_179),
            ("rmm.download.anydesk", 1_353_179),
            ("rmm.lure.imitation", 1_562_220),
            ("rmm.campaign.chain", 1_762_744),
            ("rmm.inbound.anydesk", 1_853_179),
            // No rule of this version.
            ("indicator.aa23-025a", 1_913_933),
        ];
        for (id, number) in table {
            assert_eq!(sid(id), number, "{id}");
        }
        for id in ["", "rmm.", "rmm.relay", "rmm.later.anydesk"] {
            assert!((1_900_000..2_000_000).contains(&sid(id)), "{id}");
        }
    }
}
