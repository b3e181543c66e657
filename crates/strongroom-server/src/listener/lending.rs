//! Sending a file's bytes without reading them: a body hands out *blanks* in their place, and when a blank's turn comes the socket is
//! given the file (`sendfile`). Each byte is copied once less, and no memory holds it.
//!
//! hyper owns the connection, and knows bodies of bytes alone. Of a socket that takes vectors it queues a body's `Bytes` as they are, so a
//! blank is known by where it lies. It is never read: were hyper to copy one, clients would get zeros, which every test of a
//! delivered byte would see.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustix::net::SendFlags;
use strongroom_store::Piece;
use tokio::net::TcpStream;

/// The longest blank: any piece fits one.
const BLANK_BYTES: usize = Piece::MOST_CACHED_BYTES;

static BLANK: [u8; BLANK_BYTES] = [0; BLANK_BYTES];

/// What one connection's blanks stand for, in the order in which they will be sent.
#[derive(Clone, Default)]
pub(crate) struct Lending(Arc<Mutex<VecDeque<Lent>>>);

struct Lent {
    file: Arc<File>,
    /// What is left of it to send.
    range: Range<u64>,
}

impl Lending {
    /// A blank for `range` of `file`, or for so much of it as one blank holds. To be sent next after what was lent before.
    pub(crate) fn lend(&self, file: Arc<File>, range: Range<u64>) -> Bytes {
        let length = usize::try_from(range.end - range.start).map_or(BLANK_BYTES, |length| length.min(BLANK_BYTES));
        let range = range.start..range.start + length as u64;
        self.queue().push_back(Lent { file, range });
        Bytes::from_static(&BLANK[..length])
    }

    /// Writes what comes first in `slices`: bytes as they are, or what a blank stands for.
    pub(super) fn write(&self, socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = slices.iter().position(|slice| is_blank(slice)).unwrap_or(slices.len());
        let (bytes, blanks) = slices.split_at(before);
        let Some(blank) = blanks.first() else { return socket.try_write_vectored(bytes) };
        match bytes {
            [] => self.send(socket, blank.len()),
            // More follows at once: a packet for a head alone would wake the client for nothing.
            [head] => Ok(rustix::net::send(socket, head, SendFlags::MORE | SendFlags::NOSIGNAL)?),
            _ => socket.try_write_vectored(bytes),
        }
    }

    fn send(&self, socket: &TcpStream, most: usize) -> io::Result<usize> {
        let mut queue = self.queue();
        let next = queue.front_mut().ok_or(io::ErrorKind::InvalidData)?;
        let length = usize::try_from(next.range.end - next.range.start).map_or(most, |length| length.min(most));
        let sent = rustix::fs::sendfile(socket, &next.file, Some(&mut next.range.start), length)?;
        if sent == 0 {
            // Somebody has cut the file off. What was promised cannot be kept, and the connection ends here.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if next.range.is_empty() {
            queue.pop_front();
        }
        Ok(sent)
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Lent>> {
        // The queue is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a slice is what [`Lending::lend`] gave out, or the rest of it.
fn is_blank(slice: &[u8]) -> bool {
    BLANK.as_ptr_range().contains(&slice.as_ptr()) && !slice.is_empty()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// A socket, and a thread that reads the other end of it to the end.
    async fn socket() -> (TcpStream, std::thread::JoinHandle<Vec<u8>>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let reading = std::thread::spawn(move || {
            let mut received = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut received).unwrap();
            received
        });
        (socket, reading)
    }

    /// Writes all of `pieces`, as hyper would.
    async fn write_all(lending: &Lending, socket: &TcpStream, pieces: &[Bytes]) -> io::Result<()> {
        let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut left = &mut slices[..];
        while !left.is_empty() {
            socket.writable().await?;
            match socket.try_io(tokio::io::Interest::WRITABLE, || lending.write(socket, left)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => IoSlice::advance_slices(&mut left, written?),
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_client_gets_what_blanks_stand_for_in_the_order_of_their_lending() {
        let content: Vec<u8> = (1..=251_u8).flat_map(|byte| [byte; 7]).cycle().take(3 * BLANK_BYTES).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let (file, lending) = (Arc::new(file), Lending::default());
        let long = lending.lend(Arc::clone(&file), 5..3 * BLANK_BYTES as u64);
        let short = lending.lend(Arc::clone(&file), 1..4);
        assert_eq!((long.len(), short.len()), (BLANK_BYTES, 3));
        let (socket, reading) = socket().await;
        let pieces =
            [Bytes::from("head"), long, Bytes::from("between"), Bytes::from("two"), short, Bytes::from("tail")];
        write_all(&lending, &socket, &pieces).await.unwrap();
        drop(socket);
        let expected = [b"head", &content[5..5 + BLANK_BYTES], b"between", b"two", &content[1..4], b"tail"].concat();
        assert!(reading.join().unwrap() == expected);
    }

    #[tokio::test]
    async fn of_a_file_that_was_cut_off_nothing_is_made_up() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"short").unwrap();
        let lending = Lending::default();
        let blank = lending.lend(Arc::new(file), 0..9);
        let (socket, reading) = socket().await;
        let refused = write_all(&lending, &socket, &[blank]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::UnexpectedEof);
        drop(socket);
        assert_eq!(reading.join().unwrap(), b"short");
    }
}
