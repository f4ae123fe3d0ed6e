//! The one way to a socket that leaves the host: plain TCP, or TLS when the place says so.
//!
//! TLS 1.2 and 1.3 by rustls over ring. The other end's certificate is always checked, its name as
//! well; there is no switch to skip that, and nothing is ever tried in plain text that was asked
//! for as TLS.

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Place, Setback, TlsPlan};
use crate::limits::{ADDRESS_TIMEOUT, PEM_BYTES_MAX, TLS_FILES_KEPT};

/// Octets both ways.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {
    /// The TCP connection below; none below a Unix socket.
    fn tcp(&self) -> Option<&TcpStream>;
}

impl Duplex for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Duplex for TlsStream<TcpStream> {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self.get_ref().0)
    }
}

impl Duplex for UnixStream {
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}

/// A connection that stands, with TLS under it where that was asked for. Shutting it down for
/// writing says so in TLS too (`close_notify`).
pub(crate) type Connection = Box<dyn Duplex>;

/// The way to one place. It keeps what the TLS files said for a while, so that connecting anew is
/// cheap and TLS sessions are resumed; renewed certificates are met within that while, or at once
/// after a connection failed.
#[derive(Debug)]
pub(crate) struct Connector {
    place: Place,
    tls: TlsPlan,
    config: Option<(Arc<ClientConfig>, Instant)>,
}

impl Connector {
    /// Reads nothing and connects to nothing yet.
    pub(crate) fn new(place: Place, tls: TlsPlan) -> Connector {
        Connector { place, tls, config: None }
    }

    /// Where it leads.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Connect to the first address of the host that answers, and shake hands where TLS was asked
    /// for. With TLS 1.3 a server refuses our certificate only after that: the first read tells.
    ///
    /// # Errors
    /// A [`Setback`] that names the place: no address, none answers, the TLS files are no good, the
    /// other end's certificate is not vouched for or bears another name.
    pub(crate) async fn connect(&mut self) -> Result<Connection, Setback> {
        let connected = self.try_connect().await;
        if connected.is_err() {
            self.config = None;
        }
        connected
    }

    async fn try_connect(&mut self) -> Result<Connection, Setback> {
        if !self.place.tls {
            return Ok(Box::new(reach(&self.place).await?));
        }
        let config = self.config().await?;
        let name = self.tls.name.as_ref().unwrap_or(&self.place.host);
        let name = ServerName::try_from(name.clone()).map_err(|_| {
            Setback::new(format!("{name:?} is no name that a certificate can have"))
        })?;
        let plain = reach(&self.place).await?;
        match TlsConnector::from(config).connect(name.clone(), plain).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                let name = name.to_str();
                Err(Setback::new(format!("TLS with {} as {name} failed: {error}", self.place)))
            }
        }
    }

    /// What the TLS files say now, or said a little while ago.
    async fn config(&mut self) -> Result<Arc<ClientConfig>, Setback> {
        if let Some((config, read)) = &self.config
            && read.elapsed() < TLS_FILES_KEPT
        {
            return Ok(Arc::clone(config));
        }
        let tls = self.tls.clone();
        // The operating system's store may be hundreds of files.
        let read = tokio::task::spawn_blocking(move || client_config(&tls)).await;
        let config = read.map_err(|error| Setback::new(format!("TLS files: {error}")))??;
        self.config = Some((Arc::clone(&config), Instant::now()));
        Ok(config)
    }
}

/// What rustls needs of a plan. Reads files: for protocols that make their own connections.
///
/// # Errors
/// A [`Setback`] that names the file, when it cannot be read or holds nothing of its kind; when a
/// certificate comes without its key, or they do not belong together.
pub(crate) fn client_config(tls: &TlsPlan) -> Result<Arc<ClientConfig>, Setback> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Setback::new(format!("TLS: {error}")))?
        .with_root_certificates(roots(tls.ca.as_deref())?);
    let config = match (&tls.cert, &tls.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let pem = read_pem(key)?;
            let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
                Setback::new(format!("{}: no private key (PEM): {error}", key.display()))
            })?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| {
                let (cert, key) = (cert.display(), key.display());
                Setback::new(format!("{cert} with {key}: {error}"))
            })?
        }
        _ => return Err(Setback::new("a client certificate and its key come together or not")),
    };
    Ok(Arc::new(config))
}

/// Who may vouch for the other end.
fn roots(ca: Option<&Path>) -> Result<RootCertStore, Setback> {
    let mut store = RootCertStore::empty();
    let Some(path) = ca else {
        let system = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(system.certs);
        if store.is_empty() {
            return Err(Setback::new(
                "the operating system vouches for no one; install ca-certificates or name a CA file",
            ));
        }
        return Ok(store);
    };
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| {
            Setback::new(format!("{}: a certificate is no CA's: {error}", path.display()))
        })?;
    }
    Ok(store)
}

/// Every certificate of a PEM file, one at least.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Setback> {
    let pem = read_pem(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| Setback::new(format!("{}: {error}", path.display())))?;
    match all.is_empty() {
        true => Err(Setback::new(format!("{}: no certificate (PEM) in it", path.display()))),
        false => Ok(all),
    }
}

fn read_pem(path: &Path) -> Result<Vec<u8>, Setback> {
    let failed = |why: String| Setback::new(format!("{}: {why}", path.display()));
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(PEM_BYTES_MAX + 1).read_to_end(&mut pem))
        .map_err(|error| failed(error.to_string()))?;
    if u64::try_from(pem.len()).unwrap_or(u64::MAX) > PEM_BYTES_MAX {
        return Err(failed(format!("more than {PEM_BYTES_MAX} octets")));
    }
    Ok(pem)
}

/// A TCP connection to the first address that answers.
async fn reach(place: &Place) -> Result<TcpStream, Setback> {
    let failed = |why: String| Setback::new(format!("{place} cannot be reached: {why}"));
    let host = (place.host.as_str(), place.port);
    let addresses =
        tokio::net::lookup_host(host).await.map_err(|error| failed(error.to_string()))?;
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(ADDRESS_TIMEOUT, dial(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no answer in {} s", ADDRESS_TIMEOUT.as_secs()),
        }
    }
    Err(failed(last))
}

async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A connection that idles through a silent night should be known to be dead in the morning.
    socket.set_keepalive(true)?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests;
