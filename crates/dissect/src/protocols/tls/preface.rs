//! What either end may say in clear before TLS begins in the same stream: a request to begin it, or
//! its answer.
//!
//! Two families: lines of text, and the requests of databases and directories. Remote desktops have
//! a reader of their own, which hands TLS over.

mod binary;
mod lines;

/// What octets are, as far as they tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Preface {
    /// A preface of so many octets; TLS may follow.
    Octets(usize),
    /// The beginning of one.
    More,
    /// None.
    Foreign,
}

/// What octets are that an end sent first. Whose they are need not be known: what clients say, no
/// server does.
pub(super) fn read(octets: &[u8]) -> Preface {
    match octets.first() {
        None => Preface::More,
        // A record of TLS.
        Some(22) => Preface::Foreign,
        Some(0) => binary::postgresql(octets),
        Some(0x30) => binary::ldap(octets),
        Some(b'<') => lines::xmpp(octets),
        Some(_) => {
            let families: [fn(&[u8]) -> Preface; 5] = [
                lines::client,
                lines::server,
                binary::mysql,
                binary::mysql_server,
                binary::postgresql_server,
            ];
            let mut all = Preface::Foreign;
            for family in families {
                match family(octets) {
                    Preface::Foreign => {}
                    Preface::More => all = Preface::More,
                    known @ Preface::Octets(_) => return known,
                }
            }
            all
        }
    }
}

#[cfg(test)]
mod tests;
