//! What someone registered of a name, by the public suffix list.

/// The registrable name of `name` (the public suffix and one label), private suffixes too, so that
/// tenants of one cloud are told apart; the name itself where it has none: a public suffix, a name
/// of the house, an address.
pub(crate) fn registered(name: &str) -> &str {
    // The list's fallback rule would take the last two numbers of an address for a name.
    if name.ends_with(|c: char| c.is_ascii_digit() || c == ':') {
        return name;
    }
    psl::domain_str(name).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::registered;

    #[test]
    fn names_are_cut_to_what_was_registered() {
        let table = [
            ("www.acme.example", "acme.example"),
            ("a.b.acme.co.uk", "acme.co.uk"),
            ("x1.trycloudflare.com", "x1.trycloudflare.com"),
            ("printer", "printer"),
            ("co.uk", "co.uk"),
            ("192.0.2.1", "192.0.2.1"),
        ];
        for (name, want) in table {
            assert_eq!(registered(name), want, "{name}");
        }
    }
}
