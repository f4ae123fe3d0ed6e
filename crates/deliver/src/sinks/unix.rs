//! A Unix socket: a line a record on a stream, or a datagram a record.
//!
//! The socket is the reader's: we connect to it and never make one.

use std::io;
use std::path::Path;

use tokio::net::{UnixDatagram, UnixStream};

use super::connect::Connection;
use super::{Carried, Carrier, Carrying, Entry, Setback, UnixPlan, datagram, stream};

/// The way to the reader; connects when there is something to carry.
pub(super) fn new(plan: &UnixPlan) -> Box<dyn Carrier> {
    match plan.datagrams {
        true => Box::new(Datagrams { plan: plan.clone(), socket: None }),
        false => Box::new(Lines { plan: plan.clone(), connection: None }),
    }
}

/// A stream.
struct Lines {
    plan: UnixPlan,
    /// Kept from batch to batch, unless batches are confirmed.
    connection: Option<Connection>,
}

impl Carrier for Lines {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            let path = self.plan.path.as_path();
            // Taken, so that an attempt that is dropped midway leaves no half a line behind.
            let mut connection = match stream::still(self.connection.take()).await {
                Some(kept) => kept,
                None => match UnixStream::connect(path).await {
                    Ok(stream) => Box::new(stream),
                    Err(error) => return Err(failed(path, &error)),
                },
            };
            let mut octets = Vec::new();
            for Entry { body, .. } in batch {
                octets.extend_from_slice(body);
                octets.push(b'\n');
            }
            let failed = |why: String| Setback::new(format!("{} {why}", path.display()));
            stream::send(&mut connection, &octets).await.map_err(failed)?;
            if self.plan.confirm {
                stream::part(connection).await.map_err(failed)?;
            } else {
                self.connection = Some(connection);
            }
            Ok(Carried::default())
        })
    }
}

/// Datagrams. Unlike those of UDP they are not lost on the way: a full reader makes us wait.
struct Datagrams {
    plan: UnixPlan,
    socket: Option<UnixDatagram>,
}

impl Carrier for Datagrams {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            let path = self.plan.path.as_path();
            let socket = match self.socket.take() {
                Some(socket) => socket,
                None => open(path).map_err(|error| failed(path, &error))?,
            };
            let mut refused = Vec::new();
            for (at, entry) in batch.iter().enumerate() {
                if let Err(error) = socket.send(&entry.body).await {
                    // A reader that died took its queue along: all of the batch goes again.
                    let longer = datagram::too_long(&error, at, entry);
                    refused.push(longer.ok_or_else(|| failed(path, &error))?);
                }
            }
            self.socket = Some(socket);
            Ok(Carried { refused })
        })
    }
}

fn open(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    Ok(socket)
}

fn failed(path: &Path, error: &io::Error) -> Setback {
    Setback::new(format!("{} takes no records: {error}", path.display()))
}
