//! What a client may say in clear before it begins TLS in the same stream: a request to begin it.
//!
//! Three families: remote desktops (MS-RDPBCGR §1.3.1.1: an X.224 connection request), mail and
//! file transfer (RFC 3207 and its kin: command lines, the last of which asks for TLS), and
//! PostgreSQL (its protocol's SSLRequest).

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

/// The longest connection request: cookie and negotiation data are short.
const REQUEST_MAX: usize = 512;
/// Octets of all command lines before TLS.
const LINES_MAX: usize = 1024;

/// What octets are that a client sent first.
pub(super) fn read(octets: &[u8]) -> Preface {
    match octets.first() {
        None => Preface::More,
        Some(3) => connection_request(octets),
        Some(0) => fixed(octets, &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]),
        Some(_) => command_lines(octets),
    }
}

fn fixed(octets: &[u8], whole: &[u8]) -> Preface {
    if octets.starts_with(whole) {
        Preface::Octets(whole.len())
    } else if whole.starts_with(octets) {
        Preface::More
    } else {
        Preface::Foreign
    }
}

/// RFC 1006 §6: version 3, reserved, length of all; X.224 §13.3: length of the rest, code 14.
fn connection_request(octets: &[u8]) -> Preface {
    let Some(head) = octets.first_chunk::<6>() else {
        return fixed(octets.get(..2).unwrap_or(octets), &[3, 0]).or_more(octets.len() < 6);
    };
    let [version, reserved, high, low, rest, code] = *head;
    let len = usize::from(u16::from_be_bytes([high, low]));
    let sound = (version, reserved, code) == (3, 0, 0xe0)
        && (11..=REQUEST_MAX).contains(&len)
        && usize::from(rest).checked_add(5) == Some(len);
    match sound {
        true if octets.len() >= len => Preface::Octets(len),
        true => Preface::More,
        false => Preface::Foreign,
    }
}

impl Preface {
    /// The octets are too few to be told apart, unless they are already foreign.
    fn or_more(self, few: bool) -> Preface {
        if few && self != Preface::Foreign { Preface::More } else { self }
    }
}

/// Commands that such a conversation begins with, and that may come after a tag (RFC 9051 §2.2.1).
const FIRST: [&[u8]; 9] = [
    b"EHLO ",
    b"HELO ",
    b"LHLO ",
    b"STARTTLS\r\n",
    b"STLS\r\n",
    b"CAPA\r\n",
    b"FEAT\r\n",
    b"AUTH TLS",
    b"AUTH SSL",
];
const TAGGED: [&[u8]; 3] = [b"STARTTLS\r\n", b"CAPABILITY\r\n", b"ID "];
/// Lines after which TLS begins.
const LAST: [&[u8]; 4] = [b"STARTTLS", b"STLS", b"AUTH TLS", b"AUTH SSL"];

fn command_lines(octets: &[u8]) -> Preface {
    let shown = octets.get(..octets.len().min(LINES_MAX)).unwrap_or(octets);
    if !may_begin(shown) {
        return Preface::Foreign;
    }
    let mut end = 0usize;
    for line in shown.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\r\n");
        let visible = text.or_else(|| line.strip_suffix(b"\r")).unwrap_or(line);
        if !visible.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ') {
            return Preface::Foreign;
        }
        end = end.saturating_add(line.len());
        let command = text.map(without_tag).unwrap_or_default();
        if LAST.iter().any(|last| command.eq_ignore_ascii_case(last)) {
            return Preface::Octets(end);
        }
    }
    if octets.len() < LINES_MAX { Preface::More } else { Preface::Foreign }
}

/// Whether the first line is, or may become, one of the commands.
fn may_begin(octets: &[u8]) -> bool {
    let fits = |commands: &[&[u8]], octets: &[u8]| {
        commands.iter().any(|command| {
            octets.iter().zip(*command).all(|(octet, letter)| octet.eq_ignore_ascii_case(letter))
        })
    };
    let tag = octets.iter().take(16).take_while(|octet| octet.is_ascii_graphic()).count();
    let behind = octets.get(tag..).unwrap_or_default();
    fits(&FIRST, octets)
        || tag > 0
            && (behind.is_empty()
                || behind.strip_prefix(b" ").is_some_and(|rest| fits(&TAGGED, rest)))
}

fn without_tag(line: &[u8]) -> &[u8] {
    match line.iter().position(|octet| *octet == b' ') {
        Some(blank) if !line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH ")) => {
            line.get(blank.saturating_add(1)..).unwrap_or_default()
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefaces_at_every_cut() {
        let wholes: [&[u8]; 9] = [
            b"\x03\0\0\x2c\x27\xe0\0\0\0\0\0Cookie: mstshash=IEUser\r\n\x01\0\x08\0\x0b\0\0\0",
            b"\0\0\0\x08\x04\xd2\x16\x2f",
            b"EHLO mail.example\r\nSTARTTLS\r\n",
            b"ehlo [192.0.2.1]\r\nstarttls\r\n",
            b"1 STARTTLS\r\n",
            b". STARTTLS\r\n",
            b"a001 CAPABILITY\r\na002 STARTTLS\r\n",
            b"CAPA\r\nSTLS\r\n",
            b"AUTH TLS\r\n",
        ];
        for whole in wholes {
            for cut in 0..whole.len() {
                assert_eq!(
                    read(&whole[..cut]),
                    Preface::More,
                    "{:?}",
                    whole[..cut].escape_ascii().to_string()
                );
            }
            assert_eq!(read(whole), Preface::Octets(whole.len()));
            let more = [whole, b"\x16\x03\x01"].concat();
            assert_eq!(read(&more), Preface::Octets(whole.len()));
        }
    }

    #[test]
    fn what_is_none() {
        let others: [&[u8]; 10] = [
            b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x08\0\0\0",
            b"\x03\0\0\x0c\x02\xf0\x80",
            b"\x03\x01",
            b"\0\0\0\x09",
            b"GET / HTTP/1.1\r\n",
            b"SSH-2.0-x\r\n",
            b"RFB 003.008\n",
            b"EHLO a\r\n\x16\x03\x01",
            b"EHLO a\nSTARTTLS\n",
            b"220 mail ESMTP\r\n",
        ];
        for octets in others {
            assert_eq!(read(octets), Preface::Foreign, "{}", octets.escape_ascii());
        }
        assert_eq!(read(&[b"EHLO a\r\n".repeat(200)].concat()), Preface::Foreign);
    }
}
