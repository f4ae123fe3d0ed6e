//! Syslog: RFC 5424 messages over UDP (RFC 5426), over TCP with octet counting (RFC 6587 §3.4.1),
//! over TLS (RFC 5425), which counts octets too.
//!
//! Entries come as whole messages. TCP and TLS lose nothing that `confirm` covers; UDP is heard or
//! it is not.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::connect::{Connection, Connector};
use super::{Carried, Carrier, Carrying, Entry, Place, Refused, Setback};
use super::{SyslogPlan, SyslogTransport, datagram, stream};
use crate::limits::{UDP_BURST, UDP_PAUSE, UDP_SOCKET_KEPT};

/// The way to the collector; connects when there is something to carry.
pub(super) fn new(plan: &SyslogPlan) -> Box<dyn Carrier> {
    match plan.transport {
        SyslogTransport::Udp => Box::new(Datagrams { place: plan.place.clone(), socket: None }),
        SyslogTransport::Stream => Box::new(Frames {
            connector: Connector::new(plan.place.clone(), plan.tls.clone()),
            confirm: plan.confirm,
            connection: None,
        }),
    }
}

/// TCP or TLS.
struct Frames {
    connector: Connector,
    confirm: bool,
    /// Kept from batch to batch, unless batches are confirmed.
    connection: Option<Connection>,
}

impl Carrier for Frames {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            // Taken, so that an attempt that is dropped midway leaves no half a frame behind.
            let mut connection = match stream::still(self.connection.take()).await {
                Some(kept) => kept,
                None => self.connector.connect().await?,
            };
            let (octets, refused) = frames(batch);
            let place = self.connector.place();
            let failed = |why: String| Setback::new(format!("{place} {why}"));
            stream::send(&mut connection, &octets).await.map_err(failed)?;
            if self.confirm {
                stream::part(connection).await.map_err(failed)?;
            } else {
                self.connection = Some(connection);
            }
            Ok(Carried { refused })
        })
    }
}

/// `MSG-LEN SP SYSLOG-MSG` for each entry. A length of zero does not exist.
fn frames(batch: &[Entry]) -> (Vec<u8>, Vec<Refused>) {
    let mut octets = Vec::with_capacity(batch.iter().map(|entry| entry.body.len() + 8).sum());
    let mut refused = Vec::new();
    for (at, Entry { body, .. }) in batch.iter().enumerate() {
        if body.is_empty() {
            refused.push(empty(at));
            continue;
        }
        octets.extend_from_slice(body.len().to_string().as_bytes());
        octets.push(b' ');
        octets.extend_from_slice(body);
    }
    (octets, refused)
}

fn empty(at: usize) -> Refused {
    Refused { at, why: "an empty message is none".into() }
}

/// UDP.
struct Datagrams {
    place: Place,
    socket: Option<(UdpSocket, Instant)>,
}

impl Carrier for Datagrams {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            let (socket, since) = match self.socket.take() {
                Some((kept, since)) if since.elapsed() < UDP_SOCKET_KEPT => (kept, since),
                _ => (open(&self.place).await?, Instant::now()),
            };
            let mut refused = Vec::new();
            for (at, entry) in batch.iter().enumerate() {
                if entry.body.is_empty() {
                    refused.push(empty(at));
                    continue;
                }
                if at > 0 && at % UDP_BURST == 0 {
                    sleep(UDP_PAUSE).await;
                }
                if let Err(error) = socket.send(&entry.body).await {
                    let longer = datagram::too_long(&error, at, entry);
                    refused.push(longer.ok_or_else(|| self.failed(&error))?);
                }
            }
            // That nobody listens comes back by ICMP, if at all, a moment after the last datagram.
            sleep(UDP_PAUSE).await;
            if let Ok(Some(error)) | Err(error) = socket.take_error() {
                return Err(self.failed(&error));
            }
            self.socket = Some((socket, since));
            Ok(Carried { refused })
        })
    }
}

impl Datagrams {
    /// Nothing is known of what came before: all of the batch goes again.
    fn failed(&self, error: &io::Error) -> Setback {
        Setback::new(format!("{} takes no datagrams: {error}", self.place))
    }
}

/// A socket that knows its other end, so that the kernel hands us what ICMP says of it.
async fn open(place: &Place) -> Result<UdpSocket, Setback> {
    if place.tls {
        return Err(Setback::new(format!("{place}: syslog over UDP knows no TLS")));
    }
    let failed = |why: String| Setback::new(format!("{place} cannot be reached: {why}"));
    let host = (place.host.as_str(), place.port);
    let addresses = tokio::net::lookup_host(host).await.map_err(|why| failed(why.to_string()))?;
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        let ours = match address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let connected = async {
            let socket = UdpSocket::bind(ours).await?;
            socket.connect(address).await?;
            io::Result::Ok(socket)
        };
        match connected.await {
            Ok(socket) => return Ok(socket),
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(failed(last))
}
