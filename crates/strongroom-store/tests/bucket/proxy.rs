//! A proxy before the object store, that does to a request what a network or a server may do to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_store::{BucketOptions, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::{self, Server};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and not performed.
    Refused(u16),
    /// Cut off in the middle of its body, or before its end.
    CutOff,
    /// Never answered, nor performed.
    Stalled,
    /// Performed, and the answer is lost.
    Unanswered,
    /// Performed, and the answer breaks off half-way.
    Truncated,
    /// Answered 200 with an error in the body, and not performed.
    ErrorInside,
    /// As that, but performed.
    ErrorInsideThoughDone,
}

/// Which requests it meets: the method, and what their target contains.
struct Rule {
    method: &'static str,
    target: &'static str,
    fault: Fault,
    left: usize,
}

/// The next requests' fate, once nothing is ruled.
type Chance = Box<dyn FnMut() -> Option<Fault> + Send>;

#[derive(Default)]
struct Rules {
    ruled: Vec<Rule>,
    chance: Option<Chance>,
    met: usize,
}

#[derive(Clone)]
pub struct Proxy {
    pub server: Server,
    rules: Arc<Mutex<Rules>>,
}

impl Proxy {
    /// A proxy before the shared SeaweedFS.
    pub async fn start() -> Self {
        let behind = servers::weed();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server { endpoint: format!("http://{}", listener.local_addr().unwrap()), ..behind.clone() };
        let proxy = Self { server, rules: Arc::default() };
        let (upstream, rules) = (behind.endpoint.trim_start_matches("http://").to_owned(), Arc::clone(&proxy.rules));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                // A connection that breaks is what this is for.
                tokio::spawn(serve(client, upstream.clone(), Arc::clone(&rules)));
            }
        });
        proxy
    }

    /// Little patience, so that tests are short.
    pub fn options(&self) -> BucketOptions {
        let (idle_timeout, retry_for) = (Duration::from_secs(1), Duration::from_secs(2));
        BucketOptions { idle_timeout, retry_for, ..self.server.options() }
    }

    pub async fn store(&self) -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open_bucket(&self.options(), home.path()).await.unwrap();
        (home, store)
    }

    /// The next `times` requests of this method, with this in their target, meet `fault`.
    pub fn fail(&self, method: &'static str, target: &'static str, fault: Fault, times: usize) {
        self.rules.lock().unwrap().ruled.push(Rule { method, target, fault, left: times });
    }

    /// Every request meets what `chance` says.
    pub fn leave_to(&self, chance: impl FnMut() -> Option<Fault> + Send + 'static) {
        self.rules.lock().unwrap().chance = Some(Box::new(chance));
    }

    /// Everything goes well from now on. Tells how many requests met a fault.
    pub fn heal(&self) -> usize {
        std::mem::take(&mut *self.rules.lock().unwrap()).met
    }
}

impl Rules {
    fn take(&mut self, head: &str) -> Option<Fault> {
        let meets = |rule: &&mut Rule| {
            rule.left > 0 && head.starts_with(rule.method) && head.lines().next().unwrap().contains(rule.target)
        };
        let ruled = self.ruled.iter_mut().find(meets).map(|rule| {
            rule.left -= 1;
            rule.fault
        });
        let fault = ruled.or_else(|| self.chance.as_mut().and_then(|chance| chance()));
        self.met += usize::from(fault.is_some());
        fault
    }
}

/// One request, then the connection is closed.
async fn serve(mut client: TcpStream, upstream: String, rules: Arc<Mutex<Rules>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let length: u64 = length.unwrap_or(0);
    let fault = rules.lock().unwrap().take(&head);
    match fault {
        Some(Fault::Refused(status)) => {
            tokio::io::copy(&mut (&mut client).take(length), &mut tokio::io::sink()).await?;
            return answer(&mut client, status, "").await;
        }
        Some(Fault::ErrorInside) => {
            tokio::io::copy(&mut (&mut client).take(length), &mut tokio::io::sink()).await?;
            return answer(&mut client, 200, "  \n<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>")
                .await;
        }
        Some(Fault::Stalled) => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return Ok(());
        }
        _ => {}
    }
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).await?;
    if fault == Some(Fault::CutOff) {
        tokio::io::copy(&mut (&mut client).take(length / 2), &mut server).await?;
        return Ok(());
    }
    tokio::io::copy(&mut (&mut client).take(length), &mut server).await?;
    let mut response = Vec::new();
    match fault {
        None => {
            tokio::io::copy(&mut server, &mut client).await?;
            client.shutdown().await
        }
        Some(Fault::Truncated) => {
            server.read_to_end(&mut response).await?;
            // Beyond the head, so that the client knows what it lacks.
            let head = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            client.write_all(&response[..head + (response.len() - head) / 2]).await
        }
        Some(Fault::ErrorInsideThoughDone) => {
            server.read_to_end(&mut response).await?;
            answer(&mut client, 200, "<Error><Code>InternalError</Code></Error>").await
        }
        Some(_) => server.read_to_end(&mut response).await.map(drop),
    }
}

async fn answer(client: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} Fault\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    client.write_all(text.as_bytes()).await?;
    client.shutdown().await
}
