//! Names of the ATT&CK techniques that detections point to (Enterprise, v17).

/// A technique and the tactic that it stands under here. A technique of several tactics stands
/// under the one that a network sensor sees it serve.
pub(crate) struct Technique {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) tactic: &'static Tactic,
}

/// A tactic's id and name.
#[derive(PartialEq, Eq)]
pub(crate) struct Tactic {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// The release of ATT&CK that names and ids are of.
pub(crate) const VERSION: &str = "17";

/// What an alert without a technique of its own is: remote desktop software.
pub(crate) const DEFAULT: &str = "T1219.002";

const COMMAND: Tactic = Tactic { id: "TA0011", name: "Command and Control" };
const INITIAL: Tactic = Tactic { id: "TA0001", name: "Initial Access" };
const EXECUTION: Tactic = Tactic { id: "TA0002", name: "Execution" };
const EVASION: Tactic = Tactic { id: "TA0005", name: "Defense Evasion" };
const LATERAL: Tactic = Tactic { id: "TA0008", name: "Lateral Movement" };
const EXFILTRATION: Tactic = Tactic { id: "TA0010", name: "Exfiltration" };
const RESOURCES: Tactic = Tactic { id: "TA0042", name: "Resource Development" };

const fn row(id: &'static str, name: &'static str, tactic: &'static Tactic) -> Technique {
    Technique { id, name, tactic }
}

/// Sorted by id.
const TECHNIQUES: &[Technique] = &[
    row("T1021", "Remote Services", &LATERAL),
    row("T1021.001", "Remote Desktop Protocol", &LATERAL),
    row("T1021.005", "VNC", &LATERAL),
    row("T1041", "Exfiltration Over C2 Channel", &EXFILTRATION),
    row("T1071", "Application Layer Protocol", &COMMAND),
    row("T1071.001", "Web Protocols", &COMMAND),
    row("T1071.004", "DNS", &COMMAND),
    row("T1090", "Proxy", &COMMAND),
    row("T1105", "Ingress Tool Transfer", &COMMAND),
    row("T1133", "External Remote Services", &INITIAL),
    row("T1204", "User Execution", &EXECUTION),
    row("T1204.001", "Malicious Link", &EXECUTION),
    row("T1204.002", "Malicious File", &EXECUTION),
    row("T1219", "Remote Access Tools", &COMMAND),
    row("T1219.001", "IDE Tunneling", &COMMAND),
    row("T1219.002", "Remote Desktop Software", &COMMAND),
    row("T1219.003", "Remote Access Hardware", &COMMAND),
    row("T1566", "Phishing", &INITIAL),
    row("T1566.002", "Spearphishing Link", &INITIAL),
    row("T1566.004", "Spearphishing Voice", &INITIAL),
    row("T1568", "Dynamic Resolution", &COMMAND),
    row("T1568.002", "Domain Generation Algorithms", &COMMAND),
    row("T1571", "Non-Standard Port", &COMMAND),
    row("T1572", "Protocol Tunneling", &COMMAND),
    row("T1573", "Encrypted Channel", &COMMAND),
    row("T1573.002", "Asymmetric Cryptography", &COMMAND),
    row("T1583", "Acquire Infrastructure", &RESOURCES),
    row("T1583.001", "Domains", &RESOURCES),
    row("T1608", "Stage Capabilities", &RESOURCES),
    row("T1608.001", "Upload Malware", &RESOURCES),
    row("T1608.005", "Link Target", &RESOURCES),
    row("T1656", "Impersonation", &EVASION),
];

/// The technique or sub-technique with that id, where it has a name here.
pub(crate) fn look_up(id: &str) -> Option<&'static Technique> {
    TECHNIQUES.binary_search_by(|row| row.id.cmp(id)).ok().and_then(|place| TECHNIQUES.get(place))
}

/// The technique that a sub-technique belongs to: `T1219` for `T1219.002`, and for `T1219`.
pub(crate) fn parent(id: &str) -> &str {
    id.split_once('.').map_or(id, |(technique, _)| technique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_every_sub_technique_has_its_parent() {
        assert!(TECHNIQUES.is_sorted_by(|one, two| one.id < two.id));
        for row in TECHNIQUES {
            let above = look_up(parent(row.id)).expect("the parent has a row");
            assert!(above.tactic == row.tactic, "{}", row.id);
        }
        assert!(look_up(DEFAULT).is_some());
        assert!(look_up("T9999").is_none());
    }
}
