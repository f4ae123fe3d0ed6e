//! A browser's TLS hello.
#![allow(unreachable_pub)] // Each bench uses it.

fn behind_u8(octets: &[u8]) -> Vec<u8> {
    [&[octets.len() as u8], octets].concat()
}

fn behind_u16(octets: &[u8]) -> Vec<u8> {
    [&(octets.len() as u16).to_be_bytes(), octets].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &behind_u16(value)].concat()
}

/// The hello that JA4's text has for its example, with this name, in one record of 517 octets.
pub fn chrome(name: &str) -> Vec<u8> {
    let list = |numbers: &[u16]| -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    };
    let ciphers = list(&[
        0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
        0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
    ]);
    let name = [&[0][..], &behind_u16(name.as_bytes())].concat();
    let signatures = list(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]);
    let mut extensions = [
        extension(0x6a6a, b""),
        extension(0x1b, &[2, 0, 2]),
        extension(0, &behind_u16(&name)),
        extension(0x33, &behind_u16(&[9; 41])),
        extension(16, &behind_u16(b"\x02h2\x08http/1.1")),
        extension(0x4469, &behind_u16(b"\x02h2")),
        extension(0x17, b""),
        extension(0x2d, &[1, 1]),
        extension(0x0d, &behind_u16(&signatures)),
        extension(5, &[1, 0, 0, 0, 0]),
        extension(0x23, b""),
        extension(0x12, b""),
        extension(0x2b, &behind_u8(&list(&[0xeaea, 0x0304, 0x0303]))),
        extension(0xff01, &[0]),
        extension(0x0b, &[1, 0]),
        extension(0x0a, &behind_u16(&list(&[0xfafa, 29, 23, 24]))),
    ]
    .concat();
    let fixed = [&[3, 3][..], &[0x5a; 32], &behind_u8(&[7; 32]), &behind_u16(&ciphers), &[1, 0]];
    let fixed = fixed.concat();
    let padding = 517 - 5 - 4 - fixed.len() - 2 - extensions.len() - 4;
    extensions.extend(extension(0x15, &vec![0; padding]));
    let body = [fixed, behind_u16(&extensions)].concat();
    let message = [&[1, 0][..], &behind_u16(&body)].concat();
    [&[22, 3, 1][..], &behind_u16(&message)].concat()
}
