//! A socket that gives up on a client which takes too long: to say something, or to take what it asked for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::pace::Pace;
use crate::telemetry::Counted;

/// A socket with deadlines.
pub(super) struct PacedStream {
    socket: TcpStream,
    pace: Pace,
    /// Since when the client takes nothing.
    stuck_since: Option<Instant>,
    writing: Alarm,
    counted: Counted,
}

impl PacedStream {
    pub(super) fn new(socket: TcpStream, pace: Pace) -> Self {
        Self { socket, pace, stuck_since: None, writing: Alarm::default(), counted: Counted::default() }
    }

    /// Writes what comes first in `slices`, which may be a file's.
    fn poll_lent(&mut self, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let (socket, lending) = (&self.socket, &self.pace.lending);
        loop {
            ready!(socket.poll_write_ready(context))?;
            match socket.try_io(Interest::WRITABLE, || lending.write(socket, slices)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn check_writing(&mut self, result: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = &result {
            self.counted.sent.increment(written.as_ref().map_or(0, |bytes| *bytes as u64));
            self.stuck_since = None;
            return result;
        }
        let deadline = *self.stuck_since.get_or_insert_with(Instant::now) + self.pace.deadlines.write_idle;
        if self.writing.rings(deadline, context) { timed_out("the client stopped reading") } else { result }
    }
}

fn timed_out<T>(why: &'static str) -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)))
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            this.counted.received.increment((buffer.filled().len() - before) as u64);
            this.pace.heard();
        }
        // A head that drips in keeps its one deadline: a byte more does not move it.
        if result.is_pending() && this.pace.is_too_late(context) {
            return timed_out("the client sent no request in time");
        }
        result
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.poll_lent(context, slices);
        self.check_writing(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
