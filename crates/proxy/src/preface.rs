//! Which HTTP a connection begins with: HTTP/2 by its preface (RFC 9113, 3.4), or HTTP/1. No TLS and no upgrade: who speaks HTTP/2 here
//! knows beforehand that it is understood, as Envoy does of a local service.
//!
//! What was read to find that out is read again by whoever serves the connection. Never here: serving it.

use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

/// A connection from its first byte on, whatever was read of it before.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    io: T,
    read: Bytes,
}

impl<T: AsyncRead + Unpin> Opened<T> {
    /// Nothing was read of it.
    pub(crate) const fn unread(io: T) -> Self {
        Self { io, read: Bytes::new() }
    }

    /// Reads until it is clear what is spoken.
    ///
    /// # Errors
    /// It is not clear in time, or reading failed.
    pub(crate) async fn hear(mut io: T, limit: Duration) -> io::Result<(Spoken, Self)> {
        let mut read = BytesMut::with_capacity(PREFACE.len());
        let hearing = async {
            while read.len() < PREFACE.len() && PREFACE.starts_with(&read) {
                if (&mut io).take((PREFACE.len() - read.len()) as u64).read_buf(&mut read).await? == 0 {
                    break;
                }
            }
            io::Result::Ok(())
        };
        tokio::time::timeout(limit, hearing).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let spoken = if read == PREFACE { Spoken::Http2 } else { Spoken::Http1 };
        Ok((spoken, Self { io, read: read.freeze() }))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Opened<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let length = self.read.len().min(buffer.remaining());
        buffer.put_slice(self.read.get(..length).unwrap_or_default());
        self.read.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Opened<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn what_is_spoken_is_heard_and_nothing_of_it_is_lost_however_it_comes() {
        let http1 = b"POST /v1/decide HTTP/1.1\r\nHost: gate\r\n\r\n".as_slice();
        let http2 = [PREFACE, b"and frames"].concat();
        let broken = b"PRI * HTTP/1.1\r\n\r\n".as_slice();
        for (sent, spoken) in [
            (http1, Spoken::Http1),
            (&http2, Spoken::Http2),
            (broken, Spoken::Http1),
            (b"PRI", Spoken::Http1),
            (b"", Spoken::Http1),
        ] {
            for piece in [1, 3, 64] {
                let heard = run(async {
                    let (mut client, server) = tokio::io::duplex(4);
                    let bytes = sent.to_vec();
                    let sending = async move {
                        for part in bytes.chunks(piece) {
                            client.write_all(part).await.unwrap();
                        }
                    };
                    let hearing = async {
                        let (spoken, mut opened) =
                            Opened::hear(server, Duration::from_secs(60)).await.unwrap();
                        let mut whole = Vec::new();
                        opened.read_to_end(&mut whole).await.unwrap();
                        (spoken, whole)
                    };
                    tokio::join!(sending, hearing).1
                });
                assert_eq!(heard, (spoken, sent.to_vec()), "{piece}");
            }
        }
    }

    #[test]
    fn who_begins_and_does_not_go_on_is_not_waited_for() {
        let heard = run(async {
            let (mut client, server) = tokio::io::duplex(64);
            client.write_all(b"PRI * HT").await.unwrap();
            Opened::hear(server, Duration::from_millis(10)).await.map(|(spoken, _)| spoken)
        });
        assert_eq!(heard.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
