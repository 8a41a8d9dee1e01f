//! Peers that stop: a client that reads nothing, an exchange that never ends its answer. Neither may hold a place for
//! ever.

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Runs while something is waited for; there is no timer where nothing is.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    const fn new(limit: Duration) -> Self {
        Self { limit, waiting: None }
    }

    /// There was progress.
    fn renew(&mut self) {
        self.waiting = None;
    }

    /// There is none yet; ready once it has been waited for too long.
    fn poll_lost(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(context)
    }
}

/// A socket whose writes fail once the peer has taken nothing for too long. Only a write that succeeds is progress: a
/// socket's flush does nothing.
#[derive(Debug)]
pub(crate) struct WriteDeadline<T> {
    io: T,
    patience: Patience,
}

impl<T> WriteDeadline<T> {
    pub(crate) const fn new(io: T, limit: Duration) -> Self {
        Self { io, patience: Patience::new(limit) }
    }

    fn judge(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if polled.is_ready() {
            self.patience.renew();
            return polled;
        }
        ready!(self.patience.poll_lost(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing")))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WriteDeadline<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        self.judge(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.judge(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// Why a body from the exchange ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Nothing came for too long.
    #[error("the exchange sent nothing more of its answer within {0:?}")]
    Stalled(Duration),
    /// The connection broke.
    #[error("the connection to the exchange broke in its answer")]
    Broken(#[source] hyper::Error),
}

/// A body of the exchange on its way to the client; fails once nothing came for too long.
#[derive(Debug)]
pub struct Streamed {
    body: Incoming,
    patience: Patience,
}

impl Streamed {
    pub(crate) const fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, patience: Patience::new(limit) }
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.patience.renew();
            return Poll::Ready(frame.map(|frame| frame.map_err(StreamError::Broken)));
        }
        ready!(self.patience.poll_lost(context));
        Poll::Ready(Some(Err(StreamError::Stalled(self.patience.limit))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
