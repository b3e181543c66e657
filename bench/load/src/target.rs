//! Who is uploaded to, and in whose words.

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Body, Connection};
use crate::s3::S3;
use crate::strongroom::Strongroom;
use crate::tus::Tus;

/// One file to send.
pub struct File<'a> {
    /// A name that no other file of this run has.
    pub name: String,
    pub body: Body<'a>,
    /// How many pieces it is cut into, where the client decides that.
    pub pieces: u64,
}

impl<'a> File<'a> {
    /// The bytes from `start` on, as a body of their own.
    pub fn part(&self, start: u64, length: u64) -> Outcome<Body<'a>> {
        let Body::Salted(bytes) = self.body else { return Ok(Body::Noise(length)) };
        let (start, end) = (usize::try_from(start)?, usize::try_from(start + length)?);
        if let Some(part) = bytes.get(start..end) {
            return Ok(Body::Bytes(part));
        }
        Ok(Body::Salted(bytes.get(start..).ok_or("the last part would begin within the salt")?))
    }

    /// Where piece `index` begins and how long it is: equal pieces of whole MiB, but for the last.
    pub fn piece(&self, index: u64) -> (u64, u64) {
        let length = self.body.length();
        let size = length.div_ceil(self.pieces);
        let start = size * index;
        (start, size.min(length - start))
    }
}

/// What one upload took.
#[derive(Default)]
pub struct Sent {
    /// Of each request that carried bytes.
    pub request_ms: Vec<f64>,
    /// Of the call that makes one file of the pieces.
    pub finish_ms: Option<f64>,
    /// What the server calls it.
    pub name: String,
    /// Whether the last answer said that everything is made of it.
    pub is_ready: bool,
}

/// A server's protocol.
pub enum Target {
    /// `PUT` of each piece as a file of its own: no server here puts plain `PUT`s together.
    Put {
        prefix: String,
    },
    Tus(Tus),
    S3(S3),
    Strongroom(Strongroom),
}

impl Target {
    pub fn of(arguments: &Arguments) -> Outcome<Self> {
        Ok(match arguments.text("protocol")? {
            "put" => Self::Put { prefix: arguments.text_or("prefix", "/").to_owned() },
            "tus" => Self::Tus(Tus::of(arguments)?),
            "s3" => Self::S3(S3::of(arguments)?),
            "strongroom" => Self::Strongroom(Strongroom::of(arguments)?),
            other => return Err(format!("--protocol: `{other}`, expected put, tus, s3 or strongroom").into()),
        })
    }

    /// Sends one file over these connections, which are all used at a time if it comes in pieces.
    pub fn upload(&self, connections: &mut [Connection], file: &File<'_>) -> Outcome<Sent> {
        match self {
            Self::Put { prefix } => in_pieces(connections, file.pieces, |connection, index| {
                let (_, length) = file.piece(index);
                let body = if file.pieces == 1 { file.body } else { Body::Noise(length) };
                connection.call("PUT", &format!("{prefix}{}-{index}", file.name), &[], body).map(drop)
            }),
            Self::Tus(tus) => tus.upload(connections, file),
            Self::S3(s3) => s3.upload(connections, file),
            Self::Strongroom(strongroom) => strongroom.upload(connections, file),
        }
    }
}

/// Sends pieces 0 to `count`, as many at a time as there are connections.
pub fn in_pieces(
    connections: &mut [Connection],
    count: u64,
    send: impl Fn(&mut Connection, u64) -> Outcome<()> + Sync,
) -> Outcome<Sent> {
    let next = std::sync::atomic::AtomicU64::new(0);
    let work = |connection: &mut Connection| -> Outcome<Vec<f64>> {
        let mut taken = Vec::new();
        loop {
            let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if index >= count {
                return Ok(taken);
            }
            let started = std::time::Instant::now();
            send(connection, index)?;
            taken.push(crate::sample::milliseconds_since(started));
        }
    };
    let work = &work;
    if let [connection] = connections {
        return Ok(Sent { request_ms: work(connection)?, ..Sent::default() });
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = connections.iter_mut().map(|connection| scope.spawn(move || work(connection))).collect();
        let mut sent = Sent::default();
        for thread in threads {
            sent.request_ms.extend(thread.join().map_err(|_| "a sending thread panicked")??);
        }
        Ok(sent)
    })
}
