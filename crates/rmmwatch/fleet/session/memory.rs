//! A partition is taken with what was remembered of it, and what it remembers is written down.

use std::sync::Arc;

use detect::Detector;

use super::{Desk, MEMORIES_PER_WINDOW, MEMORY_EVERY_MIN, Session};
use crate::fleet::account;
use crate::fleet::broker::Written;
use crate::fleet::judge::Judge;
use crate::fleet::lease::{Kept, Lease};
use crate::fleet::merge::Merge;
use crate::fleet::reader::{Lag, Reading, read};
use crate::fleet::work::{Begin, Memory, Worker};

impl Session {
    /// Take a partition that nobody has, in the place of what stood there.
    pub(super) async fn take(
        &mut self,
        number: u16,
        revision: u64,
        before: Lease,
    ) -> Result<(), String> {
        let office = &self.office;
        let lease = Lease { owner: office.me.clone(), ..before };
        let key = office.board.key_of(number);
        let revision = match office.broker.write(&key, &lease, revision).await {
            Ok(Written::Done(revision)) => revision,
            Ok(Written::Refused) => return Ok(()),
            Err(why) => {
                tracing::warn!(partition = number, %why, "it cannot be taken");
                return Ok(());
            }
        };
        let (detector, from) = match self.remember(number, &lease).await {
            Ok(remembered) => remembered,
            Err(why) => {
                tracing::warn!(partition = number, %why, "what it remembers cannot be had");
                return Ok(());
            }
        };
        let office = &self.office;
        let judge = Judge::new(Arc::clone(&office.book), detector, office.observations_on);
        let begin = Begin {
            partition: number,
            judge,
            merge: Merge::new(number, office.partitions),
            place: lease.place,
            every: (office.window / MEMORIES_PER_WINDOW).max(MEMORY_EVERY_MIN),
        };
        let worker = Worker::start(begin, Arc::clone(&office.delivery), self.memories_to.clone())
            .map_err(|why| why.to_string())?;
        let lag = Arc::new(Lag::default());
        let reading = Reading {
            stream: office.broker.stream.clone(),
            partition: number,
            sites: office.sites.clone(),
            from,
        };
        let reader = tokio::spawn(read(reading, worker.to.clone(), Arc::clone(&lag)));
        tracing::info!(partition = number, from, told = lease.place, "taken");
        let desk = Desk { worker, reader, lag, lease, revision, concluded: false };
        self.desks.insert(number, desk);
        Ok(())
    }

    /// The memory to go on with, and the first message to read.
    async fn remember(&self, number: u16, lease: &Lease) -> Result<(Detector, u64), String> {
        let office = &self.office;
        let blank = || {
            let mut detector = Detector::new(office.policy.clone(), &office.limits);
            detector.set_key(account::random_key());
            detector
        };
        let first = office.broker.first().await?;
        let Some(kept) = lease.memory(office.window, first) else {
            if lease.place > 0 && first > 1 {
                tracing::warn!(partition = number, "nothing is remembered of what came before");
            }
            return Ok((blank(), first));
        };
        let octets = office.broker.recall(&kept.name).await?;
        let mut detector = blank();
        if let Err(why) = detector.restore(&octets) {
            tracing::error!(partition = number, %why, "a memory cannot be used; it begins anew");
            return Ok((blank(), first));
        }
        let from = kept.resume.saturating_add(1);
        if from < first {
            tracing::error!(
                partition = number,
                lost = first - from,
                "the stream gave up facts before they were read"
            );
            detector.pause();
        }
        Ok((detector, from.max(first)))
    }

    /// Write a memory down, and remove those that it makes needless.
    pub(super) async fn keep(&mut self, memory: Memory) {
        let Memory { partition, place, at, resume, octets } = memory;
        let office = &self.office;
        let Some(desk) = self.desks.get_mut(&partition) else { return };
        let name = format!("{}-{partition}-{place}", office.board.my_key());
        let kept = Kept { name: name.clone(), place, at, resume };
        if let Err(why) = office.broker.keep(&name, &octets).await {
            tracing::warn!(partition, %why, "what it remembers cannot be written down");
            return;
        }
        // The lease is written with the next renewal; until then the old ones are still needed.
        let mut lease = desk.lease.clone();
        let old = lease.add(kept, office.window);
        let key = office.board.key_of(partition);
        match office.broker.write(&key, &lease, desk.revision).await {
            Ok(Written::Done(revision)) => {
                (desk.lease, desk.revision) = (lease, revision);
                for name in old {
                    office.broker.drop_memory(&name).await;
                }
            }
            // Seen at the next renewal.
            Ok(Written::Refused) | Err(_) => {}
        }
    }
}
