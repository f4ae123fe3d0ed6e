//! Redis: a list as Suricata writes it, a channel, or a stream.
//!
//! RESP2 by hand over the connection that all sinks use: five commands, replies of a line. A record
//! is through when Redis said what it did with it; whether that outlives a power cut is up to its
//! `appendfsync`. A reply that is lost means that the records are sent again: Redis knows no ids, so
//! a reader drops what bears an id that it had.

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::io::{ReadHalf, WriteHalf};

use super::connect::{Connection, Connector};
use super::said::said;
use super::{Carried, Carrier, Carrying, Entry, RedisPlan, RedisShape, Setback};
use crate::limits::REDIS_REPLY_BYTES_MAX;

/// The way to a key.
pub(super) struct Redis {
    plan: RedisPlan,
    connector: Connector,
    link: Option<Link>,
}

/// Never touches the network.
pub(super) fn new(plan: &RedisPlan) -> Box<dyn Carrier> {
    let connector = Connector::new(plan.place.clone(), plan.tls.clone());
    Box::new(Redis { plan: plan.clone(), connector, link: None })
}

impl Carrier for Redis {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            // Taken, so that an attempt that is dropped midway leaves no connection behind.
            let mut link = match self.link.take() {
                Some(link) => link,
                None => Link::new(self.connector.connect().await?, &self.plan).await?,
            };
            link.carry(&self.plan, batch).await?;
            self.link = Some(link);
            Ok(Carried::default())
        })
    }
}

/// A connection on which we said who we are.
struct Link {
    read: BufReader<ReadHalf<Connection>>,
    write: WriteHalf<Connection>,
}

impl Link {
    async fn new(connection: Connection, plan: &RedisPlan) -> Result<Link, Setback> {
        let (read, write) = tokio::io::split(connection);
        let mut link = Link { read: BufReader::new(read), write };
        let mut greeting = Vec::new();
        let mut replies = Vec::new();
        if let Some(password) = &plan.password {
            match &plan.user {
                Some(user) => command(
                    &mut greeting,
                    &[b"AUTH", user.as_bytes(), password.reveal().as_bytes()],
                ),
                None => command(&mut greeting, &[b"AUTH", password.reveal().as_bytes()]),
            }
            replies.push("AUTH");
        }
        if plan.database != 0 {
            command(&mut greeting, &[b"SELECT", plan.database.to_string().as_bytes()]);
            replies.push("SELECT");
        }
        let mut done = 0;
        link.exchange(&greeting, replies.len(), &mut done).await.map_err(|why| {
            let doing = replies.get(done).unwrap_or(&"");
            Setback::new(format!("Redis at {}: {doing}: {why}", plan.place))
        })?;
        Ok(link)
    }

    async fn carry(&mut self, plan: &RedisPlan, batch: &[Entry]) -> Result<(), Setback> {
        let mut octets = Vec::new();
        let replies = commands(&mut octets, plan, batch);
        let mut done = 0;
        self.exchange(&octets, replies, &mut done).await.map_err(|why| {
            let why = format!("Redis at {}, key {}: {why}", plan.place, said(&plan.key));
            // One reply for the whole batch says nothing until it is there.
            let carried = if replies == batch.len() { done } else { 0 };
            Setback { why, carried, ..Setback::default() }
        })
    }

    /// Write all while the replies come in: who only writes may wait for one who only writes.
    async fn exchange(
        &mut self,
        octets: &[u8],
        replies: usize,
        done: &mut usize,
    ) -> Result<(), String> {
        let Link { read, write } = self;
        let writing = async {
            write.write_all(octets).await.map_err(broken)?;
            write.flush().await.map_err(broken)
        };
        let reading = async {
            while *done < replies {
                reply(read).await?;
                *done += 1;
            }
            Ok(())
        };
        // What Redis says comes before what became of the connection.
        let (wrote, had) = tokio::join!(writing, reading);
        had.and(wrote)
    }
}

fn broken(error: std::io::Error) -> String {
    format!("the connection broke: {error}")
}

/// The batch as commands; how many replies there will be.
fn commands(octets: &mut Vec<u8>, plan: &RedisPlan, batch: &[Entry]) -> usize {
    let key = plan.key.as_bytes();
    let push: &[u8] = match plan.shape {
        RedisShape::List => b"LPUSH",
        RedisShape::ListEnd => b"RPUSH",
        RedisShape::Channel => {
            for entry in batch {
                command(octets, &[b"PUBLISH", key, &entry.body]);
            }
            return batch.len();
        }
        RedisShape::Stream(kept) => {
            let kept = kept.to_string();
            let bound: &[&[u8]] =
                if kept == "0" { &[] } else { &[b"MAXLEN", b"~", kept.as_bytes()] };
            for entry in batch {
                let fields: [&[u8]; 5] = [b"*", b"event", &entry.body, b"id", entry.id.as_bytes()];
                command(octets, &[&[b"XADD", key], bound, &fields].concat());
            }
            return batch.len();
        }
    };
    // One command, so that all of a batch is there or nothing.
    let bodies = batch.iter().map(|entry| entry.body.as_slice());
    let words: Vec<&[u8]> = [push, key].into_iter().chain(bodies).collect();
    command(octets, &words);
    1
}

/// A command as an array of bulk strings (RESP2).
fn command(octets: &mut Vec<u8>, words: &[&[u8]]) {
    octets.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        octets.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        octets.extend_from_slice(word);
        octets.extend_from_slice(b"\r\n");
    }
}

/// One reply: nothing on success, else why not.
async fn reply(from: &mut BufReader<impl AsyncRead + Unpin>) -> Result<(), String> {
    // Told by its first octet, what is no Redis need not send a whole line.
    match from.fill_buf().await.map_err(broken)?.first() {
        Some(b'+' | b'-' | b':' | b'$') => {}
        None => return Err("the connection was closed".to_owned()),
        Some(other) => {
            return Err(format!("what answers is no Redis: it begins with {other:#04x}"));
        }
    }
    let line = line(from).await?;
    let no_redis =
        || format!("what answers is no Redis: {:?}", said(&String::from_utf8_lossy(&line)));
    let (kind, rest) = line.split_first().ok_or_else(no_redis)?;
    let rest = std::str::from_utf8(rest).map_err(|_| no_redis())?;
    match kind {
        b'+' => Ok(()),
        b':' if rest.parse::<i64>().is_ok() => Ok(()),
        // The id of a stream's entry; none means that there is no such key and none was made.
        b'$' => match rest.parse::<usize>() {
            Ok(length) if length <= REDIS_REPLY_BYTES_MAX => {
                let mut octets = vec![0; length + 2];
                from.read_exact(&mut octets).await.map_err(broken)?;
                if octets.ends_with(b"\r\n") { Ok(()) } else { Err(no_redis()) }
            }
            _ => Err(no_redis()),
        },
        b'-' => Err(refusal(rest)),
        _ => Err(no_redis()),
    }
}

/// What Redis said, and what may be done where it does not say so itself.
fn refusal(error: &str) -> String {
    let hint = match error.split(' ').next().unwrap_or_default() {
        "WRONGTYPE" => " (the key holds something else: choose another, or another shape)",
        "OOM" => " (its maxmemory is reached)",
        "READONLY" => " (it is a replica: name the master)",
        "MOVED" | "ASK" => " (a cluster: name the server that has the key)",
        "NOAUTH" => " (set a password)",
        _ => "",
    };
    format!("{}{hint}", said(error))
}

/// A line without its end.
async fn line(from: &mut BufReader<impl AsyncRead + Unpin>) -> Result<Vec<u8>, String> {
    let mut line = Vec::new();
    let most = u64::try_from(REDIS_REPLY_BYTES_MAX).unwrap_or(u64::MAX);
    from.take(most).read_until(b'\n', &mut line).await.map_err(broken)?;
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(text.to_vec()),
        None if line.is_empty() => Err("the connection was closed".to_owned()),
        None => {
            Err(format!("what answers is no Redis: {:?}", said(&String::from_utf8_lossy(&line))))
        }
    }
}

/// Replies of any octets are read one after the other to their end, or to a short line that says why
/// not; none of them takes more octets than there are.
pub(crate) fn fuzz(octets: &[u8]) {
    use futures_util::FutureExt as _;
    let mut from = BufReader::new(octets);
    for _ in 0..=octets.len() {
        match reply(&mut from).now_or_never() {
            Some(Ok(())) => {}
            Some(Err(why)) => {
                assert!(why.chars().count() <= 2000 && !why.contains(char::is_control), "{why:?}");
                return;
            }
            None => unreachable!("octets in memory are there at once"),
        }
    }
    unreachable!("a reply has one octet at least");
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(octets: &[u8]) -> Result<(), String> {
        reply(&mut BufReader::new(octets)).await
    }

    #[tokio::test]
    async fn replies_that_are_read() {
        let long = [b"+".repeat(REDIS_REPLY_BYTES_MAX), b"\r\n".to_vec()].concat();
        let table: [(&[u8], bool); 16] = [
            (b"+OK\r\n", true),
            (b":12\r\n", true),
            (b":-1\r\n", true),
            (b":x\r\n", false),
            (b"$3\r\na-1\r\n", true),
            (b"$3\r\na-1xx", false),
            (b"$3\r\na", false),
            (b"$-1\r\n", false),
            (b"$99999999999999999999\r\n", false),
            (b"$4294967295\r\n", false),
            (b"-ERR no\r\n", false),
            (b"*1\r\n:1\r\n", false),
            (b"", false),
            (b"\r\n", false),
            (b"+OK\n", false),
            (&long, false),
        ];
        for (octets, good) in table {
            assert_eq!(read(octets).await.is_ok(), good, "{:?}", String::from_utf8_lossy(octets));
        }
        let why = read(b"-WRONGTYPE Operation against a key\r\n").await.expect_err("an error");
        assert_eq!(
            why,
            "WRONGTYPE Operation against a key (the key holds something else: choose another, or \
             another shape)"
        );
    }

    #[test]
    fn damaged_replies_are_read_to_their_end() {
        let sample = b"+OK\r\n:12\r\n$15\r\n1700000000000-0\r\n-OOM no\r\n";
        for at in 0..sample.len() {
            fuzz(&sample[..at]);
            for octet in [b'$', b'\n', b'9', 0xff] {
                let mut damaged = sample.to_vec();
                damaged[at] = octet;
                fuzz(&damaged);
            }
        }
    }

    #[test]
    fn a_command_bears_any_octets() {
        let mut octets = Vec::new();
        command(&mut octets, &[b"LPUSH", b"k", b"a\r\n$b\0"]);
        assert_eq!(octets, b"*3\r\n$5\r\nLPUSH\r\n$1\r\nk\r\n$6\r\na\r\n$b\0\r\n");
    }
}
