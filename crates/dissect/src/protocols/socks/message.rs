//! What either end says before the octets that it relays.

/// What octets are, as far as they tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// All that an end says, in so many octets.
    Whole {
        /// How many octets.
        len: usize,
        /// Whether what follows is relayed: a connection is asked for, or was granted.
        relays: bool,
    },
    /// The beginning of it.
    More,
    /// None of this.
    Foreign,
}

/// RFC 1928 §4.
const CONNECT: u8 = 1;
const COMMAND_MAX: u8 = 3;
/// RFC 1928 §5.
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;
/// Octets of a user's name in version 4, which has no length of its own; the same for a domain
/// (RFC 1035 §2.3.4).
const TEXT_MAX: usize = 255;
/// Version 4 grants with 90 and refuses with 91 to 93.
const GRANTED: u8 = 90;
const REFUSED: std::ops::RangeInclusive<u8> = 91..=93;

/// What a client says: in version 4 a request, in version 5 a greeting, perhaps its name and
/// password, and a request.
pub(super) fn client(octets: &[u8]) -> Found {
    match octets.first() {
        None => Found::More,
        Some(4) => read(octets, request_4),
        Some(5) => read(octets, request_5),
        Some(_) => Found::Foreign,
    }
}

/// What a server says: in version 4 a reply, in version 5 the chosen method, perhaps its word on a
/// password, and a reply.
pub(super) fn server(octets: &[u8]) -> Found {
    match octets.first() {
        None => Found::More,
        Some(0) => read(octets, reply_4),
        Some(5) => read(octets, reply_5),
        Some(_) => Found::Foreign,
    }
}

/// Why a message cannot be read.
enum Short {
    More,
    Foreign,
}

/// Octets that are taken from the front.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Short> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Short::More)?;
        self.0 = rest;
        Ok(taken)
    }

    fn octet(&mut self) -> Result<u8, Short> {
        self.take(1)?.first().copied().ok_or(Short::More)
    }

    /// An octet that must be as `fits` has it.
    fn expect(&mut self, fits: impl Fn(u8) -> bool) -> Result<u8, Short> {
        let octet = self.octet()?;
        if fits(octet) { Ok(octet) } else { Err(Short::Foreign) }
    }

    fn behind_length(&mut self) -> Result<&'a [u8], Short> {
        let len = self.octet()?;
        self.take(usize::from(len))
    }

    /// Text up to a zero, which is taken too.
    fn text(&mut self) -> Result<&'a [u8], Short> {
        let len = self.0.iter().take(TEXT_MAX + 1).take_while(|octet| printable(**octet)).count();
        match self.0.get(len) {
            Some(0) if len <= TEXT_MAX => {
                let text = self.take(len)?;
                self.octet()?;
                Ok(text)
            }
            None if len <= TEXT_MAX => Err(Short::More),
            _ => Err(Short::Foreign),
        }
    }
}

const fn printable(octet: u8) -> bool {
    octet >= b' ' && octet != 0x7f
}

fn read(octets: &[u8], parse: fn(&mut Rest<'_>) -> Result<bool, Short>) -> Found {
    let mut rest = Rest(octets);
    match parse(&mut rest) {
        Ok(relays) => Found::Whole { len: octets.len().saturating_sub(rest.0.len()), relays },
        Err(Short::More) => Found::More,
        Err(Short::Foreign) => Found::Foreign,
    }
}

/// Version, command, port, address, user; of version 4a an address that is none (0.0.0.x) and a
/// name behind the user's.
fn request_4(rest: &mut Rest<'_>) -> Result<bool, Short> {
    rest.expect(|version| version == 4)?;
    let command = rest.expect(|command| matches!(command, CONNECT | 2))?;
    let port = rest.take(2)?;
    let address = rest.take(4)?;
    let named = match address {
        [0, 0, 0, 1..=0xff] => true,
        [0, ..] => return Err(Short::Foreign),
        _ => false,
    };
    rest.text()?;
    if port == [0, 0] || named && rest.text()?.is_empty() {
        return Err(Short::Foreign);
    }
    Ok(command == CONNECT)
}

fn reply_4(rest: &mut Rest<'_>) -> Result<bool, Short> {
    rest.expect(|version| version == 0)?;
    let reply = rest.expect(|reply| reply == GRANTED || REFUSED.contains(&reply))?;
    rest.take(6)?;
    Ok(reply == GRANTED)
}

fn request_5(rest: &mut Rest<'_>) -> Result<bool, Short> {
    rest.expect(|version| version == 5)?;
    let count = rest.expect(|count| count > 0)?;
    // IANA's methods end at 9; those from 0x80 on are anyone's, 255 means none.
    for _ in 0..count {
        rest.expect(|method| matches!(method, 0..=9 | 0x80..=0xfe))?;
    }
    // RFC 1929 §2: the user's name and password.
    if rest.0.first() == Some(&1) {
        rest.octet()?;
        if rest.behind_length()?.is_empty() {
            return Err(Short::Foreign);
        }
        rest.behind_length()?;
    }
    rest.expect(|version| version == 5)?;
    let command = rest.expect(|command| (CONNECT..=COMMAND_MAX).contains(&command))?;
    rest.expect(|reserved| reserved == 0)?;
    address_5(rest)?;
    Ok(command == CONNECT)
}

fn reply_5(rest: &mut Rest<'_>) -> Result<bool, Short> {
    // A reply alone is the rest of what was lost before.
    if !matches!(rest.0, [5, 0..=8, 0, IPV4 | DOMAIN | IPV6, ..]) {
        rest.expect(|version| version == 5)?;
        let method = rest.expect(|method| matches!(method, 0..=9 | 0x80..=0xff))?;
        if method == 0xff {
            return Ok(false);
        }
        if rest.0.first() == Some(&1) {
            rest.octet()?;
            if rest.octet()? != 0 {
                return Ok(false);
            }
        }
    }
    rest.expect(|version| version == 5)?;
    let reply = rest.expect(|reply| reply <= 8)?;
    rest.expect(|reserved| reserved == 0)?;
    address_5(rest)?;
    Ok(reply == 0)
}

/// An address (RFC 1928 §5) and a port.
fn address_5(rest: &mut Rest<'_>) -> Result<(), Short> {
    match rest.octet()? {
        IPV4 => rest.take(4)?,
        IPV6 => rest.take(16)?,
        DOMAIN => rest.behind_length()?,
        _ => return Err(Short::Foreign),
    };
    rest.take(2)?;
    Ok(())
}
