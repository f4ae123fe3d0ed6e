//! Sinks that speak HTTP, over TLS, against stubs that behave as the servers' documentation says;
//! and that do not, while they are in trouble.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use deliver::sinks::{
    AlertmanagerPlan, Auth, ElasticPlan, EveBoxPlan, HecPlan, HttpPlan, Join, Kind, LokiPlan,
    Secret, WebhookPlan,
};
use serde_json::{Value, json};

use crate::cell::{FarEnd, Scale, State, suffer};
use crate::host::{At, Host, Papers, Protocol, Shelves, Wire, empty};
use crate::peers::{free_place, place};
use crate::shelf::{END, Shelf};

/// Which server it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Server {
    Elastic,
    Hec { ack: bool },
    Loki,
    Webhook(Join),
    Alertmanager,
    EveBox,
}

/// What came.
struct Asked {
    path: String,
    body: String,
}

/// An answer: a status, further lines of its head, a body.
struct Answer(u16, &'static str, String);

fn ok(body: impl Into<String>) -> Answer {
    Answer(200, "", body.into())
}

/// A server of that kind.
struct Stub {
    server: Server,
    shelf: Shelves,
    scale: Scale,
    acks: Mutex<Acks>,
}

/// Splunk's acknowledgements: how often each was asked for.
#[derive(Default)]
struct Acks {
    next: u64,
    asked: BTreeMap<u64, usize>,
}

impl Stub {
    /// What it does when it is well: write down, and say so.
    fn answer(&self, asked: &Asked) -> Answer {
        if asked.path.contains("/collector/ack") {
            return self.acknowledge(&asked.body);
        }
        let taken = self.store(&asked.body, |_| true);
        match self.server {
            Server::Elastic => ok(items(&asked.body, |_| 201)),
            Server::Hec { ack } => {
                let mut said = json!({ "text": "Success", "code": 0 });
                if ack {
                    let mut acks = self.acks.lock().expect("acks");
                    let id = acks.next;
                    acks.next += 1;
                    acks.asked.insert(id, 0);
                    said["ackId"] = json!(id);
                }
                ok(said.to_string())
            }
            Server::Loki => Answer(204, "", String::new()),
            Server::EveBox => ok(json!({ "Count": taken }).to_string()),
            Server::Webhook(_) | Server::Alertmanager => ok(""),
        }
    }

    /// It refuses, as that server does: all of it, or some of it.
    fn refusal(&self, asked: &Asked, count: usize) -> Answer {
        match (self.server, count % 3) {
            (Server::Elastic, 0) => {
                // Some shards are busy: every third item is not taken.
                self.store(&asked.body, |at| at % 3 > 0);
                ok(items(&asked.body, |at| if at % 3 > 0 { 201 } else { 429 }))
            }
            (Server::Hec { .. }, 0) => {
                Answer(503, "", r#"{"text":"Server is busy","code":9}"#.to_owned())
            }
            (_, 1) => Answer(429, "Retry-After: 1\r\n", "too many requests".to_owned()),
            (_, 2) => Answer(403, "", "who are you".to_owned()),
            _ => Answer(503, "", "overloaded".to_owned()),
        }
    }

    /// What makes no sense, or ends early; every second time, what came is written down all the
    /// same.
    fn nonsense(&self, asked: &Asked, count: usize) -> Vec<u8> {
        let head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}").into_bytes();
        let checked = !matches!(self.server, Server::Webhook(_) | Server::Alertmanager);
        if !count.is_multiple_of(2) && !asked.path.contains("/ack") {
            self.store(&asked.body, |_| true);
        }
        match count % 5 {
            0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            1 => head("content-length: 10\r\n\r\nhalf"),
            2 if checked => head("content-length: 20\r\n\r\n<html>please sign in"),
            3 if checked => head("content-length: 0\r\n\r\n"),
            4 => head("transfer-encoding: chunked\r\n\r\nzz\r\n"),
            _ => b"220 mail.example ESMTP\r\n\r\n".to_vec(),
        }
    }

    /// Write down the records of a request, those that `which` says; how many.
    fn store(&self, body: &str, which: impl Fn(usize) -> bool) -> usize {
        let mut shelf = self.shelf.lock().expect("a shelf");
        let bodies = self.bodies(body);
        // Where the same is known again: by id, by labels, time and line, by labels.
        let known = matches!(self.server, Server::Elastic | Server::Loki | Server::Alertmanager);
        for (_, body) in bodies.iter().enumerate().filter(|(at, _)| which(*at)) {
            shelf.take_once(body.as_bytes(), if known { 1 } else { u32::MAX });
        }
        bodies.len()
    }

    /// The records of a request.
    fn bodies(&self, body: &str) -> Vec<String> {
        match self.server {
            Server::Elastic => body.lines().skip(1).step_by(2).map(str::to_owned).collect(),
            Server::Hec { .. } => {
                let event = |line: &str| {
                    let event = line.strip_prefix(r#"{"event":"#)?.strip_suffix('}')?;
                    Some(event.to_owned())
                };
                body.lines().map(|line| event(line).unwrap_or_else(|| line.to_owned())).collect()
            }
            Server::Loki => {
                let push: Value = serde_json::from_str(body).unwrap_or_default();
                let streams = push["streams"].as_array().cloned().unwrap_or_default();
                let values = streams.iter().filter_map(|one| one["values"].as_array()).flatten();
                values.map(|one| one[1].as_str().unwrap_or_default().to_owned()).collect()
            }
            Server::Webhook(Join::Array) | Server::Alertmanager => {
                let inside = body.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let end = format!("{END},");
                let ends = inside.unwrap_or(body).split_inclusive(&end);
                ends.map(|one| one.strip_suffix(',').unwrap_or(one).to_owned()).collect()
            }
            Server::Webhook(_) | Server::EveBox => body.lines().map(str::to_owned).collect(),
        }
    }

    /// Acknowledged when it is asked for the second time.
    fn acknowledge(&self, question: &str) -> Answer {
        let question: Value = serde_json::from_str(question).expect("a question");
        let mut acks = self.acks.lock().expect("acks");
        let mut said = serde_json::Map::new();
        for id in question["acks"].as_array().expect("ids").iter().filter_map(Value::as_u64) {
            let asked = acks.asked.get_mut(&id).map(|asked| {
                *asked += 1;
                *asked
            });
            said.insert(id.to_string(), json!(asked.is_some_and(|asked| asked > 1)));
        }
        ok(json!({ "acks": said }).to_string())
    }
}

/// The answer to a bulk: each item with its id and a status.
fn items(body: &str, status: impl Fn(usize) -> u16) -> String {
    let (mut items, mut errors) = (Vec::new(), false);
    for (at, action) in body.lines().step_by(2).enumerate() {
        let id = action.split(r#""_id":""#).nth(1).and_then(|rest| rest.split('"').next());
        let (id, status) = (id.expect("an id"), status(at));
        let mut item = json!({ "_id": id, "status": status });
        if status > 299 {
            errors = true;
            item["error"] = json!({ "type": "es_rejected_execution_exception", "reason": "busy" });
        }
        items.push(json!({ "create": item }));
    }
    json!({ "errors": errors, "items": items }).to_string()
}

impl Protocol for Stub {
    fn serve(&self, wire: &mut Wire) {
        while let Some(asked) = request(wire) {
            let (state, count) = (wire.state(), wire.count());
            let answer = match state {
                State::Refusing => self.refusal(&asked, count),
                State::Garbage => {
                    // What it said last is all that it says.
                    wire.say(&self.nonsense(&asked, count));
                    return;
                }
                _ => self.answer(&asked),
            };
            if wire.dies() {
                return;
            }
            match state {
                State::Slow if count == 0 => wire.hang(),
                State::Slow => wire.pause(wire.scale().late),
                _ => {}
            }
            let Answer(status, head, body) = answer;
            let length = match status {
                204 => String::new(),
                _ => format!("content-length: {}\r\n", body.len()),
            };
            if !wire.say(format!("HTTP/1.1 {status} Said\r\n{head}{length}\r\n{body}").as_bytes()) {
                return;
            }
        }
    }

    fn died(&self) {
        // Splunk keeps them in memory; that our events are sent again then takes minutes.
        if self.scale.long {
            self.acks.lock().expect("acks").asked.clear();
        }
    }
}

/// The next request; none at the end.
fn request(wire: &mut Wire) -> Option<Asked> {
    let end = loop {
        if let Some(at) = wire.octets.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if !wire.more() {
            return None;
        }
    };
    let head = String::from_utf8(wire.octets[..end].to_vec()).expect("a head of text");
    let path = head.split(' ').nth(1).expect("a path").to_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().expect("a length"))
    });
    let whole = end + length.unwrap_or(0);
    while wire.octets.len() < whole {
        if !wire.more() {
            return None;
        }
    }
    let body = String::from_utf8(wire.octets[end..whole].to_vec()).expect("a body of text");
    wire.octets.drain(..whole);
    Some(Asked { path, body })
}

/// A server and the sink that leads to it.
struct Far {
    server: Server,
    host: Host,
    shelf: Shelves,
    papers: Papers,
}

impl Far {
    fn new(server: Server, scale: Scale) -> Far {
        let shelf = Arc::new(Mutex::new(Shelf::new(scale.records)));
        let acks = Mutex::default();
        let stub = Arc::new(Stub { server, shelf: Arc::clone(&shelf), scale, acks });
        let at = free_place();
        let papers = Papers::new(at);
        let host = Host::at(At::Tcp(at), scale, stub, Some(&papers));
        Far { server, host, shelf, papers }
    }
}

impl FarEnd for Far {
    fn kind(&self) -> Kind {
        let to = |path: &str| HttpPlan {
            place: place(self.host.place(), true),
            path: path.to_owned(),
            tls: self.papers.pki.plan("ca.pem", false),
            auth: Auth::Scheme("Splunk".to_owned(), Secret::new("hunter22")),
            headers: Vec::new(),
        };
        match self.server {
            Server::Elastic => {
                Kind::Elastic(ElasticPlan { http: to("/_bulk"), index: "rmm".to_owned() })
            }
            Server::Hec { ack } => {
                Kind::Hec(HecPlan { http: to("/services/collector/event"), ack })
            }
            Server::Loki => Kind::Loki(LokiPlan { http: to("/loki/api/v1/push"), tenant: None }),
            Server::Webhook(join) => {
                let content_type = "application/json".to_owned();
                Kind::Webhook(WebhookPlan { http: to("/hook"), content_type, join })
            }
            Server::Alertmanager => {
                Kind::Alertmanager(AlertmanagerPlan { http: to("/api/v2/alerts") })
            }
            Server::EveBox => Kind::EveBox(EveBoxPlan { http: to("/api/1/submit") }),
        }
    }

    fn shape(&self) -> fn(&str) -> String {
        match self.server {
            Server::Hec { .. } => |line| format!(r#"{{"event":{line}}}"#),
            Server::Loki => |line| {
                let labels = json!({ "job": "rmmwatch" });
                json!({ "stream": labels, "values": [["1795292142000000000", line]] }).to_string()
            },
            _ => str::to_owned,
        }
    }

    fn turn(&mut self, state: State) {
        self.host.turn(state);
    }

    fn arrived(&mut self) -> Shelf {
        self.host.turn(State::Down);
        empty(&self.shelf)
    }
}

fn http(sink: &'static str, server: Server) {
    suffer(sink, |_, scale| Some(Box::new(Far::new(server, scale))));
}

#[test]
fn elastic() {
    http("elastic", Server::Elastic);
}

#[test]
fn hec() {
    http("hec", Server::Hec { ack: false });
}

#[test]
fn hec_with_acknowledgement() {
    http("hec, `ack`", Server::Hec { ack: true });
}

#[test]
fn loki() {
    http("loki", Server::Loki);
}

#[test]
fn webhook_arrays() {
    http("webhook, `array`", Server::Webhook(Join::Array));
}

#[test]
fn webhook_each() {
    http("webhook, `each`", Server::Webhook(Join::Each));
}

#[test]
fn alertmanager() {
    http("alertmanager", Server::Alertmanager);
}

#[test]
fn evebox() {
    http("evebox", Server::EveBox);
}
