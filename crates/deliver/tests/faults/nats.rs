//! nats-server itself, with a stream on disk; its answers come through a front that can lose them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, consumer, stream};
use deliver::sinks::{Kind, NatsAuth, NatsPlan, NatsStream, TlsPlan};
use futures_util::StreamExt as _;

use crate::cell::{FarEnd, Fault, Scale, State, suffer};
use crate::front::Front;
use crate::host::{Host, Papers};
use crate::peers::{Server, free_place, place, program, wait_for};
use crate::shelf::Shelf;

const STREAM: &str = "RMM";

/// A nats-server, and what stands before it unless it speaks TLS.
struct Nats {
    scale: Scale,
    binary: PathBuf,
    at: SocketAddr,
    server: Option<Server>,
    folder: tempfile::TempDir,
    front: Option<Host>,
    papers: Papers,
    state: State,
}

impl Nats {
    fn new(fault: Fault, scale: Scale) -> Option<Nats> {
        let binary = program("nats-server")?;
        let (at, folder) = (free_place(), tempfile::tempdir().expect("a folder"));
        let front =
            (fault != Fault::Stranger).then(|| Host::new(scale, Arc::new(Front { to: at })));
        let papers = Papers::new(at);
        let state = State::Down;
        Some(Nats { scale, binary, at, server: None, folder, front, papers, state })
    }

    /// Start it, or another one in its place: with TLS, of that CA.
    fn start(&mut self, tls: bool, stranger: bool) {
        self.server = None;
        let pki = if stranger { &self.papers.other } else { &self.papers.pki };
        let tls = match tls {
            false => String::new(),
            true => format!(
                "tls {{ cert_file: {:?}, key_file: {:?} }}",
                pki.path("server.pem"),
                pki.path("server.key")
            ),
        };
        let store = self.folder.path().join("store");
        let config =
            format!("listen: \"{}\"\njetstream {{ store_dir: {store:?} }}\n{tls}\n", self.at);
        let file = self.folder.path().join("nats.conf");
        std::fs::write(&file, config).expect("written");
        let mut command = Command::new(&self.binary);
        self.server = Some(Server::start(command.arg("-c").arg(file).stderr(Stdio::null())));
        wait_for(self.at);
    }

    /// The stream takes no more messages than it has, or any.
    fn limit(&self, limit: bool) {
        self.with(async |context| {
            let mut stream = context.get_stream(STREAM).await.expect("the stream");
            let info = stream.info().await.expect("its state").clone();
            let messages = i64::try_from(info.state.messages).expect("not many");
            let config = stream::Config {
                max_messages: if limit { messages.max(1) } else { -1 },
                discard: if limit {
                    stream::DiscardPolicy::New
                } else {
                    stream::DiscardPolicy::Old
                },
                ..info.config
            };
            context.update_stream(config).await.expect("changed");
        });
    }

    fn with<T>(&self, work: impl AsyncFnOnce(&jetstream::Context) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let client = async_nats::connect(self.at.to_string()).await.expect("connected");
            work(&jetstream::new(client)).await
        })
    }
}

impl FarEnd for Nats {
    fn kind(&self) -> Kind {
        let tls = match &self.front {
            Some(_) => TlsPlan::default(),
            None => self.papers.pki.plan("ca.pem", false),
        };
        let at = self.front.as_ref().map_or(self.at, Host::place);
        Kind::Nats(NatsPlan {
            servers: vec![place(at, self.front.is_none())],
            tls,
            auth: NatsAuth::None,
            stream: STREAM.to_owned(),
            subject: Arc::new(|_, _| "rmm.v1.alerts.site-1.sensor-1".to_owned()),
            create: Some(NatsStream {
                subjects: vec!["rmm.>".to_owned()],
                bytes_max: None,
                age_max: None,
                duplicates: Duration::from_secs(600),
                replicas: 1,
            }),
        })
    }

    fn turn(&mut self, state: State) {
        let before = std::mem::replace(&mut self.state, state);
        if self.front.is_none() {
            return self.start(true, state == State::Stranger);
        }
        if state == State::Well && self.server.is_none() {
            self.start(false, false);
        }
        if [before, state].contains(&State::Refusing) {
            return self.limit(state == State::Refusing);
        }
        if let Some(front) = &mut self.front {
            front.turn(state);
        }
        if state == State::Down {
            self.server = None;
        }
    }

    fn arrived(&mut self) -> Shelf {
        self.start(false, false);
        self.with(async |context| {
            let mut stream = context.get_stream(STREAM).await.expect("the stream");
            let count = stream.info().await.expect("its state").state.messages;
            let config = consumer::pull::Config {
                ack_policy: consumer::AckPolicy::None,
                ..consumer::pull::Config::default()
            };
            let consumer = stream.create_consumer(config).await.expect("a consumer");
            let messages = consumer.messages().await.expect("messages");
            let mut messages = messages.take(usize::try_from(count).expect("not many"));
            let mut shelf = Shelf::new(self.scale.records);
            while let Some(message) = messages.next().await {
                shelf.take(&message.expect("a message").payload);
            }
            shelf
        })
    }
}

#[test]
fn nats() {
    suffer("nats", |fault, scale| Some(Box::new(Nats::new(fault, scale)?) as Box<dyn FarEnd>));
}
