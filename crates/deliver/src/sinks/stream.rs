//! Handing octets to a reader that never answers: syslog collectors, readers of a Unix socket.
//!
//! TCP tells a writer nothing of what the program at the other end has read: what lies in a
//! collector's socket when it dies is gone, and its writer had no error. The one answer that every
//! reader gives is to close: it does so after it has read to our end. So a batch is sent, our end
//! is closed, and the batch is through when theirs closes too; a reader that dies with octets
//! unread makes its kernel send a reset instead. One that closes while octets are still under way
//! (it had read what had come, or is a relay whose own collector is away) ends in the same way as
//! one that read all; but then its end does not acknowledge ours, and the connection still stands.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use super::connect::Connection;
use crate::limits::{CHATTER_BYTES_MAX, CLOSE_TIMEOUT, CLOSED_TIMEOUT};

/// Send it all.
pub(super) async fn send(connection: &mut Connection, octets: &[u8]) -> Result<(), String> {
    let sent = async {
        connection.write_all(octets).await?;
        connection.flush().await
    };
    let Err(error) = sent.await else { return Ok(()) };
    // TLS 1.3 refuses our certificate when we write already; why, it says to who reads.
    let mut octets = [0; 1024];
    let read = timeout(CLOSE_TIMEOUT, connection.read(&mut octets)).await;
    let said = read.ok().and_then(Result::err).filter(|why| why.kind() == ErrorKind::InvalidData);
    Err(format!("broke off: {}", said.unwrap_or(error)))
}

/// Close our end and wait until the other end, having read all, closes theirs.
pub(super) async fn part(mut connection: Connection) -> Result<(), String> {
    let closed = async {
        connection.shutdown().await.map_err(broke)?;
        let mut left = CHATTER_BYTES_MAX;
        let mut octets = [0; 1024];
        loop {
            match connection.read(&mut octets).await {
                Ok(0) => return acknowledged(&mut connection).await,
                Ok(len) => left = left.checked_sub(len).ok_or("says more than a reader would")?,
                Err(error) if is_end(&error) => return acknowledged(&mut connection).await,
                Err(error) => return Err(broke(error)),
            }
        }
    };
    timeout(CLOSE_TIMEOUT, closed).await.unwrap_or_else(|_| {
        let secs = CLOSE_TIMEOUT.as_secs();
        Err(format!(
            "took a batch, but did not close its end within {secs} s of ours: it hangs, or it never \
             closes; only for one that never does, confirm = false"
        ))
    })
}

/// Their end is closed. Over TCP wait until nothing is left of the connection: at once, where they
/// had read to our end (RFC 9293 §3.6, from FIN-WAIT-2); after a reset, where they had not; at last
/// never, where nobody says so.
async fn acknowledged(connection: &mut Connection) -> Result<(), String> {
    let Some(tcp) = connection.tcp() else { return Ok(()) };
    // It has a peer for as long as our end, or theirs, is not acknowledged.
    while tcp.peer_addr().is_ok() {
        sleep(CLOSED_TIMEOUT).await;
    }
    match tcp.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(broke(error)),
    }
}

/// A connection that has idled, unless the other end has closed or reset it.
pub(super) async fn still(kept: Option<Connection>) -> Option<Connection> {
    let mut connection = kept?;
    let mut octets = [0; 1024];
    match timeout(CLOSED_TIMEOUT, connection.read(&mut octets)).await {
        Ok(Ok(0) | Err(_)) => None,
        // Silent, or something was said, which is nothing to us.
        Ok(Ok(_)) | Err(_) => Some(connection),
    }
}

fn broke(error: io::Error) -> String {
    format!("broke off before it had read all: {error}")
}

/// TLS says that the connection ended without a farewell. rsyslog never gives one; the end of the
/// TCP connection is what says that it has read all.
fn is_end(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof
}
