//! Every fuzz body of the project, by name.

/// A body takes any octets and panics when something is not as it must be.
pub(crate) type Body = fn(&[u8]);

/// The bodies of all parsers.
pub(crate) fn all() -> Vec<(String, Body)> {
    let mut all: Vec<(&str, Body)> = vec![
        ("capture.reader", capture::fuzz::reader),
        ("capture.block", capture::fuzz::block),
        ("dissect.frames", dissect::fuzz::frames),
        ("dissect.fragments", dissect::fuzz::fragments),
        ("dissect.neighbours", dissect::fuzz::neighbours),
        ("intel.catalogue", intel::fuzz::catalogue),
        ("intel.feed", intel::fuzz::feed),
        ("intel.glob", intel::fuzz::glob),
        ("intel.lies", intel::fuzz::lies),
        ("intel.toml", intel::fuzz::toml),
        ("intel.json_any", intel::fuzz_feeds_json::json),
        ("intel.json_lolrmm", intel::fuzz_feeds_json::lolrmm),
        ("intel.json_misp", intel::fuzz_feeds_json::misp),
        ("intel.json_stix2", intel::fuzz_feeds_json::stix2),
        ("intel.json_stix2_pattern", intel::fuzz_feeds_json::stix2_pattern),
        ("intel.line_adblock", intel::fuzz_feeds_lines::adblock),
        ("intel.line_hosts", intel::fuzz_feeds_lines::hosts),
        ("intel.line_maltrail", intel::fuzz_feeds_lines::maltrail),
        ("intel.line_plain", intel::fuzz_feeds_lines::plain),
        ("intel.line_separated", intel::fuzz_feeds_lines::separated),
        ("intel.line_suricata_dataset", intel::fuzz_feeds_lines::suricata_dataset),
        ("intel.line_suricata_rules", intel::fuzz_feeds_lines::suricata_rules),
        ("intel.stix1", intel::fuzz_feeds_xml::stix1),
        ("records.read", records::fuzz::records),
        ("records.template", records::fuzz::template),
        ("records.shapes", records::fuzz::shapes),
        ("wire.message", wire::fuzz::message),
        ("spool.cursor", spool::fuzz::cursor),
        ("spool.damage", spool::fuzz::damage),
        ("spool.segment", spool::fuzz::segment),
        ("audit.report", audit::fuzz_report),
        ("detect.policy", detect::fuzz::policy),
        ("detect.judge", detect::fuzz::judge),
        ("detect.state", detect::fuzz::state),
        ("deliver.elastic_answer", deliver::fuzz::elastic_answer),
        ("deliver.redis_replies", deliver::fuzz::redis_replies),
    ];
    all.sort_unstable_by_key(|(name, _)| *name);
    let readers = dissect::fuzz::protocols().iter();
    let readers = readers.map(|(name, body)| (format!("dissect.{name}"), *body));
    all.into_iter().map(|(name, body)| (name.to_owned(), body)).chain(readers).collect()
}
