//! A socket whose peer must take what is sent to him within a time: whoever asks and does not read holds nothing for long.
//!
//! The time begins when the socket takes no more, and ends when all that was to be written is written: a byte now and then
//! does not prolong it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A socket with a deadline for its writes.
pub(crate) struct WriteDeadline<S> {
    inner: S,
    most: Duration,
    /// Runs while the peer takes nothing.
    ends: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteDeadline<S> {
    pub(crate) fn new(inner: S, most: Duration) -> Self {
        Self { inner, most, ends: None }
    }

    /// Starts the time, or gives up once it is over.
    fn late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let most = self.most;
        let ends = self.ends.get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
        ends.as_mut().poll(cx).map(|()| io::Error::new(io::ErrorKind::TimedOut, "the peer does not read"))
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        // Also when something was taken: the rest is late all the same.
        if (done.is_pending() || self.ends.is_some())
            && let Poll::Ready(late) = self.late(cx)
        {
            return Poll::Ready(Err(late));
        }
        done
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteDeadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.judge(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.judge(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Called once all that was buffered is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.inner).poll_flush(cx);
        if done.is_ready() {
            self.ends = None;
        }
        self.judge(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.judge(cx, done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const MOST: Duration = Duration::from_millis(60);

    #[tokio::test]
    async fn a_peer_that_reads_a_byte_now_and_then_is_given_up() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut ours = WriteDeadline::new(ours, MOST);
        let reader = tokio::spawn(async move {
            let mut taken = 0;
            while theirs.read_u8().await.is_ok() {
                taken += 1;
                tokio::time::sleep(MOST / 6).await;
            }
            taken
        });
        let late = async {
            ours.write_all(&[0; 4096]).await?;
            ours.flush().await
        };
        assert_eq!(late.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(ours);
        assert!(reader.await.unwrap() < 4096);
    }

    #[tokio::test]
    async fn a_peer_that_reads_is_written_to_however_often() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut ours = WriteDeadline::new(ours, Duration::from_secs(60));
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.map(|_| all.len())
        });
        for _ in 0..10 {
            ours.write_all(&[0; 100]).await.unwrap();
            ours.flush().await.unwrap();
            assert!(ours.ends.is_none(), "each answer has its own time");
        }
        drop(ours);
        assert_eq!(reader.await.unwrap().unwrap(), 1000);
    }
}
