//! The list of rules: a new one is a file here and two lines below.

mod download;
mod inbound;
mod indicator;
mod lure;
mod port;
mod protocol;
mod relay;
mod rule;

use std::cmp::Reverse;

pub(crate) use rule::{Finding, Rule, Sight};

use crate::weights;

const RULES: &[Rule] = &[
    inbound::RULE,
    indicator::RULE,
    protocol::RULE,
    relay::RULE,
    download::RULE,
    lure::RULE,
    port::RULE,
];

/// Remote access software (ATT&CK: Remote Access Tools: Remote Desktop Software).
pub(crate) const REMOTE_ACCESS: &[&str] = &["T1219.002"];
/// Ingress tool transfer.
pub(crate) const TRANSFER: &[&str] = &["T1105"];
/// Spearphishing link.
pub(crate) const LINK: &[&str] = &["T1566.002"];
/// The same under a domain that was acquired for it.
pub(crate) const LINK_TO_DOMAIN: &[&str] = &["T1566.002", "T1583.001"];

/// The worst that any rule says of a sign.
pub(crate) fn judge(sight: &Sight<'_>) -> Option<Finding> {
    RULES.iter().filter_map(|rule| (rule.weigh)(sight)).max_by_key(strength)
}

/// Findings in order: by severity, then by what says more.
pub(crate) fn strength(finding: &Finding) -> (u8, Reverse<u8>) {
    (finding.severity.get(), Reverse(weights::rank(finding.weight.detection)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::{finding_words, moment, sign};
    use model::{Direction, Specificity};

    #[test]
    fn each_sign_amounts_to_what_the_table_says() {
        use Direction::{Inbound, Internal, Outbound};
        // Source, role, operator, direction: the rule's word and severity.
        let table: &[(&str, Direction, Specificity, &str)] = &[
            ("DnsQuestion Relay Vendor", Outbound, Specificity::Specific, "relay 50"),
            ("TlsSni Relay Vendor", Outbound, Specificity::Specific, "relay 50"),
            ("QuicSni Relay Vendor", Outbound, Specificity::Specific, "relay 50"),
            ("TlsJa4 Relay Vendor", Outbound, Specificity::Specific, "protocol 60"),
            ("HttpHost Api Vendor", Outbound, Specificity::Specific, "api 45"),
            ("DnsAnswer Unknown Vendor", Outbound, Specificity::Specific, "api 30"),
            ("DnsQuestion Relay Vendor", Outbound, Specificity::Shared, "relay 25"),
            ("DnsQuestion Unknown Vendor", Outbound, Specificity::Shared, "-"),
            ("DnsQuestion Relay Vendor", Outbound, Specificity::Generic, "-"),
            ("DnsQuestion Website Vendor", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion Update Vendor", Outbound, Specificity::Specific, "-"),
            ("TlsSni Telemetry Vendor", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion Download Vendor", Outbound, Specificity::Specific, "download 30"),
            ("DnsQuestion Download Vendor", Outbound, Specificity::Shared, "-"),
            ("HttpFile Download Vendor", Outbound, Specificity::Specific, "download 40"),
            ("HttpFile Download Vendor", Outbound, Specificity::Shared, "download 25"),
            ("HttpPath Download Server", Outbound, Specificity::Specific, "download 40"),
            ("Payload Relay Server", Outbound, Specificity::Specific, "protocol 60"),
            ("TlsAlpn Relay Vendor", Outbound, Specificity::Specific, "protocol 60"),
            ("TlsCertificate Unknown Vendor", Outbound, Specificity::Specific, "protocol 60"),
            ("HttpUserAgent Api Vendor", Outbound, Specificity::Shared, "protocol 25"),
            ("TlsCertificate Website Vendor", Outbound, Specificity::Specific, "-"),
            ("Payload Relay Server", Internal, Specificity::Specific, "protocol 30"),
            ("Payload Relay Vendor", Internal, Specificity::Specific, "protocol 60"),
            ("Payload Relay Server", Inbound, Specificity::Specific, "inbound 75"),
            ("TlsSni Relay Server", Inbound, Specificity::Specific, "inbound 75"),
            ("QuicSni Relay Server", Inbound, Specificity::Specific, "inbound 75"),
            ("QuicSni Relay Vendor", Inbound, Specificity::Specific, "-"),
            ("TlsSni Relay Vendor", Inbound, Specificity::Specific, "-"),
            ("HttpHost Api Vendor", Inbound, Specificity::Specific, "-"),
            ("TlsAlpn Relay Vendor", Inbound, Specificity::Specific, "inbound 75"),
            ("Payload Relay Server", Inbound, Specificity::Shared, "inbound 25"),
            ("DnsQuestion Relay Vendor", Inbound, Specificity::Specific, "-"),
            ("Port Relay Vendor", Outbound, Specificity::Specific, "-"),
            ("Port Relay Vendor", Inbound, Specificity::Shared, "inbound 40"),
            ("Port Relay Vendor", Inbound, Specificity::Generic, "-"),
            ("Port Website Vendor", Inbound, Specificity::Shared, "-"),
            ("Port Relay Vendor", Internal, Specificity::Shared, "-"),
            ("Address Relay Vendor", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion 90%", Outbound, Specificity::Specific, "indicator 80"),
            ("DnsQuestion 85%", Outbound, Specificity::Specific, "indicator 80"),
            ("Address 84%", Outbound, Specificity::Specific, "indicator 60"),
            ("TlsSni 49%", Outbound, Specificity::Specific, "indicator 30"),
            ("TlsSni 90%", Outbound, Specificity::Shared, "indicator 25"),
            ("TlsSni 90%", Outbound, Specificity::Generic, "-"),
            ("Port 90%", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion 90%", Inbound, Specificity::Specific, "-"),
            // What a list is of, and for how long.
            ("DnsQuestion 90% kind=sweep", Outbound, Specificity::Specific, "indicator 40"),
            ("TlsSni 84% kind=sweep", Outbound, Specificity::Specific, "indicator 25"),
            ("DnsQuestion 99% kind=vendor", Outbound, Specificity::Specific, "-"),
            ("TlsSni 99% kind=young", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion 90% until=1", Outbound, Specificity::Specific, "indicator 80"),
            ("DnsQuestion 90% until=0", Outbound, Specificity::Specific, "-"),
            ("Address 90% until=0", Outbound, Specificity::Specific, "-"),
            // Names that lie.
            ("DnsQuestion imitation", Outbound, Specificity::Specific, "lure 50"),
            ("DnsAnswer imitation", Outbound, Specificity::Specific, "lure 50"),
            ("TlsSni imitation", Internal, Specificity::Specific, "lure 50"),
            ("TlsCertificate imitation", Outbound, Specificity::Specific, "lure 50"),
            ("HttpHost helpdesk", Outbound, Specificity::Specific, "lure 30"),
            ("QuicSni helpdesk", Outbound, Specificity::Specific, "lure 30"),
            ("DnsQuestion imitation weak", Outbound, Specificity::Specific, "-"),
            ("TlsSni helpdesk weak", Outbound, Specificity::Specific, "-"),
            ("DnsQuestion imitation", Outbound, Specificity::Generic, "-"),
            ("DnsQuestion imitation", Inbound, Specificity::Specific, "-"),
            ("TlsSni imitation", Inbound, Specificity::Specific, "-"),
        ];
        for (line, direction, specificity, want) in table {
            let mut sign = sign(line);
            sign.specificity = *specificity;
            let sight = Sight { sign: &sign, direction: *direction, at: moment(0) };
            assert_eq!(finding_words(judge(&sight)), *want, "{line} {direction:?} {specificity:?}");
        }
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(
            names,
            ["download", "inbound", "indicator", "lure", "port", "protocol", "relay"]
        );
    }
}
