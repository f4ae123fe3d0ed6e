//! Handshakes made from the RFCs' words, for tests of what reads them.

pub(in crate::protocols) fn behind_u8(octets: &[u8]) -> Vec<u8> {
    [&[u8::try_from(octets.len()).expect("a short block")], octets].concat()
}

pub(in crate::protocols) fn behind_u16(octets: &[u8]) -> Vec<u8> {
    [&u16::try_from(octets.len()).expect("a short block").to_be_bytes(), octets].concat()
}

pub(in crate::protocols) fn behind_u24(octets: &[u8]) -> Vec<u8> {
    let len = u32::try_from(octets.len()).expect("a short block").to_be_bytes();
    [&len[1..], octets].concat()
}

pub(in crate::protocols) fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &behind_u16(value)].concat()
}

pub(in crate::protocols) fn sni(name: &[u8]) -> Vec<u8> {
    extension(0, &behind_u16(&[&[0], &behind_u16(name)[..]].concat()))
}

pub(in crate::protocols) fn alpn(protocols: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = protocols.iter().flat_map(|protocol| behind_u8(protocol)).collect();
    extension(16, &behind_u16(&list))
}

/// The body of a ClientHello with a session id of so many octets.
pub(in crate::protocols) fn body(session: usize, extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&[3, 3][..], &[0x5a; 32]].concat();
    let ciphers = behind_u16(&[0x1a, 0x1a, 0x13, 1, 0x13, 2, 0xc0, 0x2b]);
    let session = behind_u8(&vec![7; session]);
    [fixed, session, ciphers, vec![1, 0], behind_u16(&extensions.concat())].concat()
}

pub(in crate::protocols) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &behind_u24(body)].concat()
}

pub(in crate::protocols) fn record(kind: u8, octets: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &behind_u16(octets)].concat()
}

/// The octets in records of so many.
pub(in crate::protocols) fn records(octets: &[u8], size: usize) -> Vec<u8> {
    octets.chunks(size).flat_map(|part| record(22, part)).collect()
}

/// As a browser says it in 2025: GREASE, a post-quantum key share, an encrypted inner hello.
pub(in crate::protocols) fn modern() -> Vec<u8> {
    let share = [&[0x11, 0xec][..], &behind_u16(&[9; 1216])].concat();
    message(
        1,
        &body(
            32,
            &[
                extension(0x2a2a, b""),
                extension(51, &behind_u16(&share)),
                extension(43, &behind_u8(&[0x6a, 0x6a, 3, 4, 3, 3])),
                alpn(&[b"h2", b"http/1.1"]),
                extension(0xfe0d, &[0; 180]),
                sni(b"WWW.Example.com"),
                extension(0x3a3a, b"\0"),
            ],
        ),
    )
}

/// As a remote-access client says it: TLS 1.2, no name, a protocol of its own.
pub(in crate::protocols) fn nameless() -> Vec<u8> {
    message(1, &body(0, &[alpn(&[b"tool/7.0.0/linux"]), extension(23, b"")]))
}

pub(in crate::protocols) fn server_hello(version: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&version.to_be_bytes()[..], &[0x33; 32]].concat();
    let rest = [&[0, 0xc0, 0x2f, 0][..], &behind_u16(&extensions.concat())].concat();
    message(2, &[fixed, rest].concat())
}

pub(in crate::protocols) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let len = u16::try_from(value.len()).expect("a short value");
    let head = if len < 128 {
        vec![tag, len as u8]
    } else {
        [&[tag, 0x82][..], &len.to_be_bytes()].concat()
    };
    [head, value].concat()
}

pub(in crate::protocols) fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    der(0x31, &[&der(0x30, &[&der(6, &[oid]), &der(tag, &[value])])])
}

/// A certificate (RFC 5280 §4.1) whose key and signature nobody checks.
pub(in crate::protocols) fn certificate() -> Vec<u8> {
    const COUNTRY: &[u8] = &[0x55, 4, 6];
    const ORGANISATION: &[u8] = &[0x55, 4, 10];
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    let sha256_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let algorithm = der(0x30, &[&der(6, &[&sha256_rsa]), &[5, 0]]);
    let key = der(0x30, &[&der(0x30, &[&der(6, &[&rsa]), &[5, 0]]), &der(3, &[&[0; 270]])]);
    let subject = [
        attribute(COUNTRY, 0x13, b"DE"),
        attribute(ORGANISATION, 0x0c, b"Acme, Inc."),
        attribute(COMMON_NAME, 0x0c, b"relay.example"),
    ];
    let issuer = attribute(COMMON_NAME, 0x0c, b"Example Root");
    let validity = der(0x30, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[b"260101000000Z"])]);
    let names = der(
        0x30,
        &[
            &der(0x82, &[b"relay.example"]),
            &der(0x82, &[b"*.Relay.example"]),
            &der(0x87, &[&[1; 4]]),
        ],
    );
    let alternative = der(0x30, &[&der(6, &[&[0x55, 0x1d, 17]]), &der(4, &[&names])]);
    let signed = der(
        0x30,
        &[
            &[0xa0, 3, 2, 1, 2],
            &[2, 1, 9],
            &algorithm,
            &der(0x30, &[&issuer]),
            &validity,
            &der(0x30, &[&subject.concat()]),
            &key,
            &der(0xa3, &[&der(0x30, &[&alternative])]),
        ],
    );
    der(0x30, &[&signed, &algorithm, &der(3, &[&[0; 257]])])
}

pub(in crate::protocols) fn certificate_message(certificates: &[Vec<u8>]) -> Vec<u8> {
    let list: Vec<u8> = certificates.iter().flat_map(|octets| behind_u24(octets)).collect();
    message(11, &behind_u24(&list))
}

/// A server's answer of TLS 1.2, with a chain.
pub(in crate::protocols) fn shown() -> Vec<u8> {
    [
        server_hello(0x0303, &[extension(0xff01, b"\0")]),
        certificate_message(&[certificate(), certificate(), vec![0; 5000]]),
        message(14, b""),
    ]
    .concat()
}
