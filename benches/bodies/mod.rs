//! Every fuzz body of the project, by name.

/// The bodies of all parsers.
pub(crate) fn all() -> Vec<(String, fn(&[u8]))> {
    let mut all: Vec<(&str, fn(&[u8]))> = vec![
        ("capture.reader", capture::fuzz::reader),
        ("dissect.frames", dissect::fuzz::frames),
        ("dissect.fragments", dissect::fuzz::fragments),
        ("intel.catalogue", intel::fuzz::catalogue),
        ("intel.feed", intel::fuzz::feed),
        ("intel.glob", intel::fuzz::glob),
        ("detect.policy", detect::fuzz::policy),
        ("detect.judge", detect::fuzz::judge),
    ];
    all.sort_unstable_by_key(|(name, _)| *name);
    let readers = dissect::fuzz::protocols().iter();
    let readers = readers.map(|(name, body)| (format!("dissect.{name}"), *body));
    all.into_iter().map(|(name, body)| (name.to_owned(), body)).chain(readers).collect()
}
