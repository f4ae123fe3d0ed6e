//! What analysts keep in NATS: the stream of facts, the board of leases, memories.

use async_nats::jetstream::kv::{self, CreateErrorKind, UpdateErrorKind};
use async_nats::jetstream::object_store::{self, ObjectStore};
use async_nats::jetstream::stream::Stream;
use deliver::sinks::{NatsPlan, nats_client, nats_stream};
use tokio::io::AsyncReadExt as _;

use super::lease::Lease;
use crate::limits::STATE_FILE_BYTES_MAX;

/// The bucket of leases.
const BOARD: &str = "rmm-analysts";

/// The object store of memories.
const MEMORIES: &str = "rmm-memories";

/// The stream, the board and the memories.
pub(super) struct Broker {
    pub(super) stream: Stream,
    pub(super) board: kv::Store,
    memories: ObjectStore,
}

/// How a write to the board went.
pub(super) enum Written {
    /// It stands, at this revision.
    Done(u64),
    /// Somebody else wrote before.
    Refused,
}

impl Broker {
    /// Connect, and find or (`create`) make what is needed.
    ///
    /// # Errors
    /// When something is missing, or the server says no.
    pub(super) async fn open(plan: &NatsPlan, create: bool) -> Result<Broker, String> {
        let client = nats_client(plan).await.map_err(|setback| setback.why)?;
        let (context, stream) = nats_stream(&client, plan)
            .await
            .map_err(|setback| format!("{}; --create makes what is missing", setback.why))?;
        let missing = |what: &str, why: &dyn std::fmt::Display| {
            format!("NATS bucket {what}: {why}; --create makes what is missing")
        };
        let board = match context.get_key_value(BOARD).await {
            Ok(board) => board,
            Err(_) if create => {
                let config = kv::Config {
                    bucket: BOARD.to_owned(),
                    description: "rmmwatch: who analyses which partition".to_owned(),
                    history: 1,
                    ..kv::Config::default()
                };
                context.create_key_value(config).await.map_err(|why| missing(BOARD, &why))?
            }
            Err(why) => return Err(missing(BOARD, &why)),
        };
        let memories = match context.get_object_store(MEMORIES).await {
            Ok(memories) => memories,
            Err(_) if create => {
                let config = object_store::Config {
                    bucket: MEMORIES.to_owned(),
                    description: Some("rmmwatch: what analysts remember".to_owned()),
                    ..object_store::Config::default()
                };
                context.create_object_store(config).await.map_err(|why| missing(MEMORIES, &why))?
            }
            Err(why) => return Err(missing(MEMORIES, &why)),
        };
        Ok(Broker { stream, board, memories })
    }

    /// The first message that the stream still has.
    pub(super) async fn first(&self) -> Result<u64, String> {
        let info = self.stream.get_info().await.map_err(|why| format!("the stream: {why}"))?;
        Ok(info.state.first_sequence)
    }

    /// How many partitions the group works with: as it was agreed, or `wanted` from now on.
    pub(super) async fn agree(&self, group: &str, wanted: u16) -> Result<(), String> {
        let key = format!("{group}.partitions");
        let failed = |why: &dyn std::fmt::Display| format!("NATS bucket {BOARD}: {why}");
        let known = self.board.get(&key).await.map_err(|why| failed(&why))?;
        let known = match known {
            Some(known) => known,
            None => {
                let value = wanted.to_string();
                match self.board.create(&key, value.clone().into()).await {
                    Ok(_) => return Ok(()),
                    Err(_) => self
                        .board
                        .get(&key)
                        .await
                        .map_err(|why| failed(&why))?
                        .unwrap_or_else(|| value.into()),
                }
            }
        };
        let known = String::from_utf8_lossy(&known).into_owned();
        if known == wanted.to_string() {
            return Ok(());
        }
        Err(format!(
            "the analysts of group {group} share {known} partitions, and fleet.partitions is \
             {wanted}: sensors and analysts of one stream must agree"
        ))
    }

    /// Write a lease in the place of what stood at `revision`; 0: of nothing.
    pub(super) async fn write(
        &self,
        key: &str,
        lease: &Lease,
        revision: u64,
    ) -> Result<Written, String> {
        let value = lease.octets();
        if revision == 0 {
            return match self.board.create(key, value.into()).await {
                Ok(revision) => Ok(Written::Done(revision)),
                Err(why) if why.kind() == CreateErrorKind::AlreadyExists => Ok(Written::Refused),
                Err(why) => Err(format!("{key}: {why}")),
            };
        }
        match self.board.update(key, value.into(), revision).await {
            Ok(revision) => Ok(Written::Done(revision)),
            Err(why) if why.kind() == UpdateErrorKind::WrongLastRevision => {
                self.mine_after_all(key, lease).await
            }
            Err(why) => Err(format!("{key}: {why}")),
        }
    }

    /// A write whose answer was lost is refused when it is repeated: then what stands there is ours.
    async fn mine_after_all(&self, key: &str, lease: &Lease) -> Result<Written, String> {
        let entry = self.board.entry(key).await.map_err(|why| format!("{key}: {why}"))?;
        let mine = |value: &[u8]| {
            serde_json::from_slice::<Lease>(value).is_ok_and(|there| there.owner == lease.owner)
        };
        match entry {
            Some(entry) if !lease.owner.is_empty() && mine(&entry.value) => {
                let value = lease.octets();
                match self.board.update(key, value.into(), entry.revision).await {
                    Ok(revision) => Ok(Written::Done(revision)),
                    Err(_) => Ok(Written::Refused),
                }
            }
            _ => Ok(Written::Refused),
        }
    }

    /// Keep a memory under that name.
    pub(super) async fn keep(&self, name: &str, octets: &[u8]) -> Result<(), String> {
        let mut from = octets;
        let kept = self.memories.put(name, &mut from).await;
        kept.map(|_| ()).map_err(|why| format!("memory {name}: {why}"))
    }

    /// The memory of that name.
    pub(super) async fn recall(&self, name: &str) -> Result<Vec<u8>, String> {
        let failed = |why: &dyn std::fmt::Display| format!("memory {name}: {why}");
        let object = self.memories.get(name).await.map_err(|why| failed(&why))?;
        let mut octets = Vec::new();
        let read = object.take(STATE_FILE_BYTES_MAX).read_to_end(&mut octets).await;
        read.map_err(|why| failed(&why))?;
        Ok(octets)
    }

    /// Remove a memory that nobody needs.
    pub(super) async fn drop_memory(&self, name: &str) {
        if let Err(why) = self.memories.delete(name).await {
            tracing::debug!(name, %why, "an old memory stays");
        }
    }
}
