//! TLS as it is spoken here, against a server of rustls: who is believed and who is not.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A CA, a server's and a client's certificate, in a folder.
struct Pki {
    folder: tempfile::TempDir,
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    fn new() -> Pki {
        let mut params = CertificateParams::new(Vec::new()).expect("a CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca = CertifiedIssuer::self_signed(params, key).expect("a CA");
        let folder = tempfile::tempdir().expect("a folder");
        let pki = Pki { folder, ca };
        pki.write("ca.pem", &pki.ca.pem());
        pki
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    /// A certificate for `names`, as `<file>.pem` and `<file>.key`.
    fn issue(&self, file: &str, names: &[&str], purpose: ExtendedKeyUsagePurpose) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.ca).expect("signed");
        self.write(&format!("{file}.pem"), &cert.pem());
        self.write(&format!("{file}.key"), &key.serialize_pem());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server's settings; with `ask`, clients need a certificate of this CA.
    fn server(
        &self,
        file: &str,
        ask: bool,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .expect("versions");
        let builder = if ask {
            let mut roots = RootCertStore::empty();
            roots.add(self.ca.der().clone()).expect("a CA");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        } else {
            builder.with_no_client_auth()
        };
        let chain = certificates(&self.path(&format!("{file}.pem"))).expect("a chain");
        let key = read_pem(&self.path(&format!("{file}.key"))).expect("a key");
        let key = PrivateKeyDer::from_pem_slice(&key).expect("a key");
        builder.with_single_cert(chain, key).expect("they belong together")
    }
}

/// An echo server; gives its port.
async fn serve(config: Option<ServerConfig>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = config.map(|config| TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move {
        while let Ok((mut plain, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut octets = [0; 4];
                if let Some(acceptor) = acceptor {
                    let mut stream = acceptor.accept(plain).await.ok()?;
                    stream.read_exact(&mut octets).await.ok()?;
                    stream.write_all(&octets).await.ok()?;
                    stream.shutdown().await.ok()
                } else {
                    plain.read_exact(&mut octets).await.ok()?;
                    plain.write_all(&octets).await.ok()
                }
            });
        }
    });
    port
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

fn place(port: u16, tls: bool) -> Place {
    Place { host: "127.0.0.1".into(), port, tls }
}

/// Send four octets there and back; what went wrong, in words.
async fn echo(place: &Place, tls: &TlsPlan) -> Result<(), String> {
    let mut stream = Connector::new(place.clone(), tls.clone())
        .connect()
        .await
        .map_err(|setback| setback.why)?;
    let mut octets = [0; 4];
    stream.write_all(b"ping").await.map_err(|error| error.to_string())?;
    stream.read_exact(&mut octets).await.map_err(|error| error.to_string())?;
    assert_eq!(&octets, b"ping");
    Ok(())
}

#[test]
fn who_is_believed() {
    /// What it is, the server's certificate, whether it asks for ours, our settings, the outcome.
    type Case = (&'static str, &'static str, bool, TlsPlan, Result<(), &'static str>);
    let pki = Pki::new();
    let stranger = Pki::new();
    pki.issue("right", &["collector.test", "127.0.0.1"], ExtendedKeyUsagePurpose::ServerAuth);
    pki.issue("other", &["other.test"], ExtendedKeyUsagePurpose::ServerAuth);
    pki.issue("client", &["sensor.test"], ExtendedKeyUsagePurpose::ClientAuth);
    stranger.issue("client", &["sensor.test"], ExtendedKeyUsagePurpose::ClientAuth);
    let ca = || TlsPlan { ca: Some(pki.path("ca.pem")), ..TlsPlan::default() };
    let named = |name: &str| TlsPlan { name: Some(name.into()), ..ca() };
    let with = |pki: &Pki| TlsPlan {
        cert: Some(pki.path("client.pem")),
        key: Some(pki.path("client.key")),
        ..ca()
    };
    let cases: Vec<Case> = vec![
        ("the address is in the certificate", "right", false, ca(), Ok(())),
        ("the name is", "right", false, named("collector.test"), Ok(())),
        ("another name", "right", false, named("else.test"), Err("not valid for name")),
        ("a certificate of someone else", "other", false, ca(), Err("not valid for name")),
        ("which we expect", "other", false, named("other.test"), Ok(())),
        ("no name at all", "right", false, named("a b"), Err("no name that a certificate")),
        ("the system's CAs only", "right", false, TlsPlan::default(), Err("")),
        (
            "a CA that nobody knows",
            "right",
            false,
            TlsPlan { ca: Some(stranger.path("ca.pem")), ..TlsPlan::default() },
            Err("invalid peer certificate"),
        ),
        ("they ask for ours, which we have", "right", true, with(&pki), Ok(())),
        ("which we lack", "right", true, ca(), Err("CertificateRequired")),
        ("which is of another CA", "right", true, with(&stranger), Err("alert")),
    ];
    block_on(async {
        for versions in [&[&rustls::version::TLS13][..], &[&rustls::version::TLS12]] {
            for (what, cert, ask, tls, expected) in &cases {
                let port = serve(Some(pki.server(cert, *ask, versions))).await;
                match (echo(&place(port, true), tls).await, expected) {
                    (Ok(()), Ok(())) => {}
                    (Err(why), Err(part)) => {
                        // TLS 1.2 has no word for a client certificate that is missing.
                        let part = part.replace("CertificateRequired", "alert");
                        let why = why.replace("CertificateRequired", "alert");
                        assert!(why.contains(&part), "{what}: {why}");
                    }
                    (got, expected) => panic!("{what}: {got:?}, not {expected:?}"),
                }
            }
        }
    });
}

#[test]
fn nothing_is_ever_sent_in_plain_text_that_was_asked_for_as_tls() {
    let pki = Pki::new();
    let tls = TlsPlan { ca: Some(pki.path("ca.pem")), ..TlsPlan::default() };
    block_on(async {
        let port = serve(None).await;
        echo(&place(port, false), &tls).await.expect("plain, as asked");
        let why = echo(&place(port, true), &tls).await.expect_err("that server knows no TLS");
        assert!(why.contains("TLS with 127.0.0.1"), "{why}");
    });
}

#[test]
fn files_that_are_no_good_are_named() {
    let pki = Pki::new();
    pki.issue("one", &["one.test"], ExtendedKeyUsagePurpose::ClientAuth);
    pki.issue("two", &["two.test"], ExtendedKeyUsagePurpose::ClientAuth);
    let empty = pki.write("empty.pem", "");
    let broken = pki
        .write("broken.pem", "-----BEGIN CERTIFICATE-----\nnonsense!\n-----END CERTIFICATE-----\n");
    let (ca, missing) = (pki.path("ca.pem"), pki.path("missing.pem"));
    let plan = |ca: &PathBuf, cert: Option<&str>, key: Option<&str>| TlsPlan {
        ca: Some(ca.clone()),
        cert: cert.map(|name| pki.path(name)),
        key: key.map(|name| pki.path(name)),
        name: None,
    };
    let cases = [
        (plan(&ca, Some("one.pem"), Some("one.key")), None),
        (plan(&missing, None, None), Some("missing.pem: No such file")),
        (plan(&empty, None, None), Some("empty.pem: no certificate")),
        (plan(&broken, None, None), Some("broken.pem: ")),
        (plan(&ca, Some("one.pem"), None), Some("come together")),
        (plan(&ca, Some("one.pem"), Some("ca.pem")), Some("ca.pem: no private key")),
        (plan(&ca, Some("one.pem"), Some("two.key")), Some("one.pem with ")),
    ];
    for (plan, expected) in cases {
        match (client_config(&plan), expected) {
            (Ok(_), None) => {}
            (Err(setback), Some(part)) => assert!(setback.why.contains(part), "{setback:?}"),
            (got, expected) => panic!("{:?}, not {expected:?}", got.map(drop)),
        }
    }
}

#[test]
fn a_place_that_does_not_answer_is_named() {
    block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let why = echo(&place(port, false), &TlsPlan::default()).await.expect_err("nobody there");
        assert!(why.contains(&format!("127.0.0.1:{port} cannot be reached")), "{why}");
        let nowhere = Place { host: "no-such-host.invalid".into(), port, tls: false };
        let why = echo(&nowhere, &TlsPlan::default()).await.expect_err("no such host");
        assert!(why.contains("no-such-host.invalid"), "{why}");
    });
}
