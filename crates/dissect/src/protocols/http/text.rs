//! Octets as text that is safe to print.

/// Printable ASCII as it came, other octets as `\xNN`; at most `max` octets of text.
pub(in crate::protocols) fn printable(octets: &[u8], max: usize) -> Box<str> {
    if octets.len() <= max
        && octets.iter().fold(true, |plain, octet| plain & matches!(*octet, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(octets)
    {
        return text.into();
    }
    let mut text = String::with_capacity(octets.len().min(max));
    for &octet in octets {
        let plain = octet.is_ascii_graphic() || octet == b' ';
        if text.len().saturating_add(if plain { 1 } else { 4 }) > max {
            break;
        }
        push(&mut text, octet, plain);
    }
    text.into()
}

/// Like [`printable`], but when the text is too long its end is kept.
pub(super) fn printable_end(octets: &[u8], max: usize) -> Box<str> {
    let mut room = max;
    let fits = octets.iter().rev().take_while(|octet| {
        let len = if octet.is_ascii_graphic() || **octet == b' ' { 1 } else { 4 };
        let left = room.checked_sub(len);
        room = left.unwrap_or(0);
        left.is_some()
    });
    let start = octets.len().saturating_sub(fits.count());
    printable(octets.get(start..).unwrap_or_default(), max)
}

fn push(text: &mut String, octet: u8, plain: bool) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    if plain {
        return text.push(char::from(octet));
    }
    text.push_str("\\x");
    for nibble in [octet >> 4, octet & 15] {
        text.push(char::from(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0')));
    }
}

/// Where an octet stands first. By sixteen: heads are searched for the ends of their lines again and
/// again.
pub(super) fn find(octets: &[u8], wanted: u8) -> Option<usize> {
    let (runs, rest) = octets.as_chunks::<16>();
    let is_wanted = |octet: &u8| *octet == wanted;
    let has = |run: &[u8; 16]| run.iter().fold(false, |found, octet| found | is_wanted(octet));
    let before = runs.iter().position(has);
    let at = before.unwrap_or(runs.len()).saturating_mul(16);
    let shown = match before.and_then(|number| runs.get(number)) {
        Some(run) => run.as_slice(),
        None => rest,
    };
    shown.iter().position(is_wanted).map(|place| at.saturating_add(place))
}

/// Undo percent-encoding (RFC 3986 §2.1); a `%` without two digits stays as it is.
pub(super) fn decode_percent(octets: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digits = after.first_chunk::<2>().filter(|_| *first == b'%');
        let octet = digits.and_then(|[high, low]| Some(hex(*high)? << 4 | hex(*low)?));
        match octet {
            Some(octet) => {
                decoded.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            None => decoded.push(*first),
        }
    }
    decoded
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_safe_and_bounded() {
        assert_eq!(&*printable(b"/a b?\xc3\xa9\r", 64), "/a b?\\xc3\\xa9\\x0d");
        assert_eq!(&*printable(b"ab\xff", 4), "ab");
        assert_eq!(&*printable_end(b"abcdef.exe", 6), "ef.exe");
        assert_eq!(&*printable_end(b"ab\xff.exe", 7), ".exe");
        let long = [&[b'a'; 37][..], b"\nb\n"].concat();
        for from in 0..=long.len() {
            let want = long[from..].iter().position(|octet| *octet == b'\n');
            assert_eq!(find(&long[from..], b'\n'), want, "{from}");
        }
        assert_eq!(decode_percent(b"a%20b%2f%zz%4"), b"a b/%zz%4");
    }
}
