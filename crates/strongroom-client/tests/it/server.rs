//! The upload calls of the contract, in memory, with faults to order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use strongroom_core::id::UploadId;
use tokio::net::TcpListener;

use crate::http::{Answer, Connection, Head};
use crate::{PART_BYTES, strongroom_blake3};

/// What goes wrong with the next request whose `METHOD path` contains a text.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The connection ends after so many bytes of the body.
    Reset(usize),
    /// The request is done, and its answer is lost.
    LoseAnswer,
    /// This is the answer, and nothing is done.
    Say(Answer),
    /// Nothing is read or answered any more.
    Stall,
    /// The part is dropped before the request is done.
    DropPart(u32),
    /// The session is dropped before the request is done.
    DropSession,
    /// The media says another etag.
    WrongEtag,
    /// The media is not ready yet.
    NotReady,
    /// The file grows by a byte before the request is done.
    TouchFile(std::path::PathBuf),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) sessions: BTreeMap<String, Session>,
    /// `METHOD path` of every request, in order of their heads.
    pub(crate) requests: Vec<String>,
    /// The bodies of all `init`s.
    pub(crate) inits: Vec<Value>,
    /// Every header of interest, as `name: value`.
    pub(crate) headers: Vec<String>,
    faults: Vec<(String, Fault)>,
    media: BTreeMap<i64, Value>,
    most_at_once: usize,
    at_once: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Session {
    size: usize,
    pub(crate) parts: BTreeMap<u32, Vec<u8>>,
    media: Option<Value>,
}

impl Session {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.parts.values().flatten().copied().collect()
    }

    fn total_parts(&self) -> usize {
        if self.size <= PART_BYTES { 1 } else { self.size.div_ceil(PART_BYTES) }
    }

    fn plan(&self) -> Value {
        let upload_type = if self.size <= PART_BYTES { "single" } else { "multipart" };
        json!({"uploadType": upload_type, "totalParts": self.total_parts(), "partSize": PART_BYTES})
    }
}

pub(crate) struct Server {
    address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&server.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                tokio::spawn(serve(Connection::new(stream), state));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Orders `fault` for the next request that matches.
    pub(crate) fn break_next(&self, pattern: &str, fault: Fault) {
        self.state().faults.push((pattern.to_owned(), fault));
    }

    /// True if an ordered fault has not happened yet.
    pub(crate) fn has_faults_left(&self) -> bool {
        !self.state().faults.is_empty()
    }

    /// How many requests there were whose `METHOD path` contains `pattern`.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        self.state().requests.iter().filter(|line| line.contains(pattern)).count()
    }

    /// The numbers of the parts that were put, in order, from request number `from` on.
    pub(crate) fn parts_put(&self, from: usize) -> Vec<u32> {
        let state = self.state();
        let put = state.requests[from..].iter().filter(|line| line.starts_with("PUT "));
        let mut numbers: Vec<u32> = put.filter_map(|line| line.rsplit_once("/parts/")?.1.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The bytes of the only session.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let state = self.state();
        assert_eq!(state.sessions.len(), 1);
        state.sessions.values().next().unwrap().bytes()
    }

    pub(crate) fn most_parts_at_once(&self) -> usize {
        self.state().most_at_once
    }
}

pub(crate) fn refusal(status: u16, code: &str, details: Value) -> Answer {
    let message = format!("refused by {code}");
    let body = json!({"error": "no", "message": message, "type": code, "code": code, "requestId": "req_1", "details": details});
    Answer { status, headers: String::new(), body }
}

async fn serve(mut connection: Connection, state: Arc<Mutex<State>>) {
    while let Some(head) = connection.head().await {
        let fault = state.lock().unwrap().begin(&head);
        let length = head.content_length();
        match &fault {
            Some(Fault::Reset(bytes)) => {
                connection.body(*bytes).await;
                state.lock().unwrap().end(&head);
                return;
            }
            Some(Fault::Stall) => return std::future::pending().await,
            _ => {}
        }
        let body = connection.body(length).await;
        if head.method == "PUT" {
            // Long enough for the other parts to arrive, if there are any.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let answer = {
            let mut state = state.lock().unwrap();
            state.end(&head);
            let Some(body) = body else { return };
            match fault {
                Some(Fault::Say(answer)) => Some(answer),
                Some(Fault::LoseAnswer) => {
                    state.respond(&head, body, None);
                    None
                }
                fault => Some(state.respond(&head, body, fault)),
            }
        };
        let Some(answer) = answer else { return };
        connection.answer(&answer).await;
    }
}

impl State {
    fn begin(&mut self, head: &Head) -> Option<Fault> {
        let line = format!("{} {}", head.method, head.path);
        let keys = (head.header("apikey"), head.header("x-connection-id"));
        assert_eq!(keys, (Some("sk_live_secret"), Some("conn_test")), "{line}");
        for name in ["prefer", "content-digest"] {
            self.headers.extend(head.header(name).map(|value| format!("{name}: {value}")));
        }
        if head.method == "PUT" {
            self.at_once += 1;
            self.most_at_once = self.most_at_once.max(self.at_once);
        }
        let at = self.faults.iter().position(|(pattern, _)| line.contains(pattern.as_str()));
        self.requests.push(line);
        at.map(|at| self.faults.remove(at).1)
    }

    fn end(&mut self, head: &Head) {
        self.at_once -= usize::from(head.method == "PUT");
    }

    fn respond(&mut self, head: &Head, body: Vec<u8>, fault: Option<Fault>) -> Answer {
        let path: Vec<&str> = head.path.trim_start_matches("/v2/access/").split('/').collect();
        let json = || -> Value { serde_json::from_slice(&body).unwrap() };
        match (head.method.as_str(), path.as_slice()) {
            ("POST", ["uploads", "init"]) => self.init(&json()),
            ("POST", ["uploads", "check"]) => self.check(&json()),
            ("POST", ["uploads", "complete"]) => self.complete(json()["mediaUploadId"].as_str().unwrap(), fault),
            ("GET", ["vault", "media", id]) => Answer::ok(self.media(id.parse().unwrap(), fault)),
            ("GET", ["uploads", id]) => self.session(id),
            ("DELETE", ["uploads", id]) => {
                self.sessions.remove(*id);
                Answer::ok(json!({}))
            }
            ("PUT", ["uploads", id]) => self.put(id, 1, body, fault),
            ("PUT", ["uploads", id, "parts", number]) => self.put(id, number.parse().unwrap(), body, fault),
            _ => refusal(404, "ROUTE_NOT_FOUND", Value::Null),
        }
    }

    fn init(&mut self, body: &Value) -> Answer {
        let id = UploadId::random().to_string();
        let size = usize::try_from(body["size"].as_u64().unwrap()).unwrap();
        let session = Session { size, ..Session::default() };
        let mut answer = session.plan();
        answer["mediaUploadId"] = json!(id);
        self.inits.push(body.clone());
        self.sessions.insert(id, session);
        Answer::ok(answer)
    }

    fn check(&self, body: &Value) -> Answer {
        let media = self.media.values().find(|media| media["etag"].as_str().unwrap().trim_matches('"') == body["etag"]);
        match media {
            Some(media) => Answer::ok(json!({"exists": true, "media": media})),
            None => Answer::ok(json!({"exists": false})),
        }
    }

    fn put(&mut self, id: &str, number: u32, body: Vec<u8>, fault: Option<Fault>) -> Answer {
        match fault {
            Some(Fault::DropSession) => drop(self.sessions.remove(id)),
            Some(Fault::TouchFile(path)) => {
                use std::io::Write as _;
                std::fs::File::options().append(true).open(path).unwrap().write_all(b"!").unwrap();
            }
            _ => {}
        }
        let Some(session) = self.sessions.get_mut(id) else { return refusal(404, "RESOURCE_NOT_FOUND", Value::Null) };
        if session.media.is_some() {
            return refusal(409, "UPLOAD_CLOSED", Value::Null);
        }
        let is_single = session.size <= PART_BYTES;
        session.parts.insert(number, body);
        if is_single {
            self.complete(id, None);
        }
        Answer::ok(json!({"mediaUploadId": id, "partNumber": number, "etag": "\"p\""}))
    }

    fn session(&self, id: &str) -> Answer {
        let Some(session) = self.sessions.get(id) else { return refusal(404, "RESOURCE_NOT_FOUND", Value::Null) };
        let received =
            session.parts.iter().map(|(n, part)| json!({"partNumber": n, "size": part.len(), "etag": "\"p\""}));
        let mut answer = session.plan();
        answer["state"] = json!(if session.media.is_some() { "completed" } else { "open" });
        answer["receivedParts"] = received.collect();
        if let Some(media) = &session.media {
            answer["media"] = media.clone();
        }
        Answer::ok(answer)
    }

    fn complete(&mut self, id: &str, fault: Option<Fault>) -> Answer {
        let Some(session) = self.sessions.get_mut(id) else { return refusal(404, "RESOURCE_NOT_FOUND", Value::Null) };
        if let Some(Fault::DropPart(number)) = fault {
            session.parts.remove(&number);
        }
        let missing: Vec<Value> = (1..=session.total_parts())
            .filter(|number| !session.parts.contains_key(&u32::try_from(*number).unwrap()))
            .map(|number| json!({"from": number, "to": number}))
            .collect();
        if !missing.is_empty() {
            return refusal(409, "UPLOAD_INCOMPLETE", json!({"missingParts": missing, "receivedBytes": 0}));
        }
        let media_id = i64::try_from(self.media.len()).unwrap() + 1;
        let is_ready = !matches!(fault, Some(Fault::NotReady));
        let digest = match fault {
            Some(Fault::WrongEtag) => strongroom_blake3(b"something else"),
            _ => strongroom_blake3(&session.bytes()),
        };
        let media = session.media.get_or_insert_with(
            || json!({"id": media_id, "isReady": is_ready, "hasError": false, "etag": format!("\"{digest}\"")}),
        );
        self.media.insert(media["id"].as_i64().unwrap(), media.clone());
        Answer::ok(json!({"mediaUploadId": id, "media": media}))
    }

    fn media(&mut self, id: i64, fault: Option<Fault>) -> Value {
        let media = self.media.get_mut(&id).unwrap();
        media["isReady"] = json!(!matches!(fault, Some(Fault::NotReady)));
        media.clone()
    }
}
