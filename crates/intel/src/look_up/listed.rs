//! Entries of feeds that are no names: fingerprints of hellos, certificates, pages, files. Nothing
//! is hashed or put together for a kind of which no feed has an entry.

use model::{DomainName, Match, SignSource, TlsCertificate, TlsHello};

use super::push;
use crate::book::Book;
use crate::limits::FEEDS_PER_NAME_MAX;
use crate::listed::{Text, url_of};

impl Book {
    /// The fingerprints of a hello.
    pub(super) fn look_up_prints(&self, hello: &TlsHello, out: &mut Vec<Match>) {
        // The hash is not worth its price for hellos that differ in what is read off them.
        if let Some(ja4) = hello.ja4.as_ref().filter(|ja4| self.ja4_heads.contains(ja4.head())) {
            let print = ja4.print();
            for row in self.ja4s.get(&*print).into_iter().flatten() {
                self.give_row(*row, SignSource::TlsJa4, &print, out);
            }
            self.give_listed(Text::Ja4, &print, SignSource::TlsJa4, out);
        }
        if let Some(ja3) = hello.ja3.as_ref().filter(|_| !self.listed.none(Text::Ja3)) {
            self.give_listed(Text::Ja3, &ja3.print(), SignSource::TlsJa3, out);
        }
    }

    /// The hashes of a certificate.
    pub(super) fn look_up_fingerprints(&self, seen: &TlsCertificate, out: &mut Vec<Match>) {
        if self.listed.none(Text::Certificate) {
            return;
        }
        for hash in [seen.sha256(), seen.sha1()].into_iter().flatten() {
            let hash = hash.to_ascii_lowercase();
            self.give_listed(Text::Certificate, &hash, SignSource::TlsCertificate, out);
        }
    }

    /// A page, by its host and path; an entry without a query is about the page with any.
    pub(super) fn look_up_page(
        &self,
        host: Option<&DomainName>,
        port: Option<u16>,
        path: &str,
        out: &mut Vec<Match>,
    ) {
        let Some(host) = host.filter(|_| !self.listed.none(Text::Url)) else { return };
        let url = url_of(host.as_str(), port, path);
        let before = out.len();
        self.give_listed(Text::Url, &url, SignSource::HttpUrl, out);
        if let (true, Some((page, _))) = (out.len() == before, url.split_once('?')) {
            self.give_listed(Text::Url, page, SignSource::HttpUrl, out);
        }
    }

    /// The name of a file that comes down.
    pub(super) fn look_up_file(&self, name: &str, out: &mut Vec<Match>) {
        if !self.listed.none(Text::File) {
            self.give_listed(Text::File, &name.to_ascii_lowercase(), SignSource::HttpFile, out);
        }
    }

    /// The indicators of a text, one a feed, in the order of the feeds.
    fn give_listed(&self, what: Text, text: &str, source: SignSource, out: &mut Vec<Match>) {
        let mut found: Vec<u32> = self.listed.owners(what, text).collect();
        found.sort_unstable();
        let feed = |number: u32| self.indicator(number).map(|(entry, _)| entry.feed);
        found.dedup_by_key(|number| feed(*number));
        let gated = what == Text::File && self.gate.holds_file(text).is_some();
        for number in found.into_iter().take(FEEDS_PER_NAME_MAX) {
            let value = text.into();
            if let Some(found) = self.listed_match(source, &value, text.into(), number, gated) {
                push(out, found);
            }
        }
    }
}
