//! What a Kafka broker has before it in the field, set before the mock cluster that has none of it:
//! TLS with client certificates, SASL/PLAIN (KIP-152), a bound on the size of a request.
//!
//! A stub: it answers the three messages of its own as the protocol describes them and passes all
//! others on, with the brokers' ports in answers replaced by its own.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::pki::Pki;

/// What stands before the brokers.
#[derive(Clone, Default)]
pub(crate) struct Guard {
    /// TLS, with certificates of the CA for both ends.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// `\0user\0password` of SASL/PLAIN.
    pub(crate) plain: Option<&'static [u8]>,
    /// Octets of a produce request that is still taken.
    pub(crate) request_max: Option<usize>,
}

/// One listener before each broker; gives where.
pub(crate) async fn before(brokers: &[SocketAddr], guard: Guard) -> Vec<SocketAddr> {
    let mut fronts = Vec::new();
    let mut listeners = Vec::new();
    for broker in brokers {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        fronts.push((*broker, listener.local_addr().expect("its address")));
        listeners.push(listener);
    }
    for (listener, broker) in listeners.into_iter().zip(brokers.iter().copied()) {
        let (guard, fronts) = (guard.clone(), fronts.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(stand(client, broker, guard.clone(), fronts.clone()));
            }
        });
    }
    fronts.into_iter().map(|(_, front)| front).collect()
}

/// Settings of a server that wants a certificate of its clients.
pub(crate) fn tls(pki: &Pki) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = |file: &str| -> Vec<CertificateDer<'static>> {
        let all = CertificateDer::pem_file_iter(pki.path(file)).expect("a file");
        all.collect::<Result<_, _>>().expect("certificates")
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("ca.pem"));
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let key = PrivateKeyDer::from_pem_file(pki.path("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(certificates("server.pem"), key);
    Arc::new(config.expect("they belong together"))
}

async fn stand(
    client: TcpStream,
    broker: SocketAddr,
    guard: Guard,
    fronts: Vec<(SocketAddr, SocketAddr)>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(broker).await?;
    match &guard.tls {
        None => pass(client, server, &guard, &fronts).await,
        Some(config) => {
            let client = TlsAcceptor::from(Arc::clone(config)).accept(client).await?;
            pass(client, server, &guard, &fronts).await
        }
    }
}

/// One request after the other, as our client sends them.
async fn pass(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    mut server: TcpStream,
    guard: &Guard,
    fronts: &[(SocketAddr, SocketAddr)],
) -> std::io::Result<()> {
    let mut known = guard.plain.is_none();
    loop {
        let request = frame(&mut client).await?;
        let (kind, id) = (request[1], &request[4..8]);
        let mut answer = match kind {
            17 => [id, &[0, 0, 0, 0, 0, 1, 0, 5], b"PLAIN"].concat(),
            36 => {
                known = guard.plain.is_some_and(|plain| request.ends_with(plain));
                let error = if known { [0, 0] } else { [0, 58] };
                [id, &error, &[0xff, 0xff], &[0; 4]].concat()
            }
            // Which versions there are may be asked by anybody.
            18 if request[3] > 0 => [id, &[0, 35], &[0; 4]].concat(),
            18 => with_sasl(&through(&mut server, &request).await?),
            _ if !known => return Ok(()),
            0 if guard.request_max.is_some_and(|most| request.len() > most) => {
                too_large(&request, id)
            }
            _ => through(&mut server, &request).await?,
        };
        for (broker, front) in fronts {
            replace(&mut answer, &named(*broker), &named(*front));
        }
        client.write_all(&framed(&answer)).await?;
        client.flush().await?;
    }
}

/// The versions of a broker (ApiVersions, version 0), and those of SASL.
fn with_sasl(answer: &[u8]) -> Vec<u8> {
    let count = u32::from_be_bytes([answer[6], answer[7], answer[8], answer[9]]) + 2;
    let sasl = [[0, 17, 0, 0, 0, 1], [0, 36, 0, 0, 0, 0]].concat();
    [&answer[..6], &count.to_be_bytes(), &answer[10..], &sasl].concat()
}

async fn through(server: &mut TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    server.write_all(&framed(request)).await?;
    frame(server).await
}

async fn frame(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut octets = vec![0; usize::try_from(length).expect("32 bits")];
    from.read_exact(&mut octets).await?;
    Ok(octets)
}

fn framed(octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(octets.len()).expect("not long");
    [&length.to_be_bytes(), octets].concat()
}

/// A broker as it stands in an answer: its host as a string, its port in 32 bits.
fn named(broker: SocketAddr) -> Vec<u8> {
    let host = broker.ip().to_string();
    let length = u16::try_from(host.len()).expect("not long");
    [&length.to_be_bytes(), host.as_bytes(), &u32::from(broker.port()).to_be_bytes()].concat()
}

fn replace(octets: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    let places: Vec<usize> = octets
        .windows(old.len())
        .enumerate()
        .filter(|(_, part)| *part == old)
        .map(|(at, _)| at)
        .collect();
    for at in places {
        octets[at..at + new.len()].copy_from_slice(new);
    }
}

/// A produce response (version 3 to 7) of one partition with the error MESSAGE_TOO_LARGE (10).
fn too_large(request: &[u8], id: &[u8]) -> Vec<u8> {
    let version = request[3];
    assert!((3..=7).contains(&version), "produce version {version}");
    let short = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
    let string = |at: usize| 2 + usize::try_from(short(at)).unwrap_or(0);
    // Header: kind, version, id, client's name. Body: transaction, acks, timeout, topics.
    let transaction = 8 + string(8);
    let topic = transaction + string(transaction) + 2 + 4 + 4;
    let partition = topic + string(topic) + 4;
    let log_start: &[u8] = if version >= 5 { &[0xff; 8] } else { &[] };
    [
        id,
        &[0, 0, 0, 1],
        &request[topic..topic + string(topic)],
        &[0, 0, 0, 1],
        &request[partition..partition + 4],
        &[0, 10],
        &[0xff; 16],
        log_start,
        &[0; 4],
    ]
    .concat()
}
