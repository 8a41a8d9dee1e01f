//! As much of HTTP/1.1 as the load needs: where one message ends. Every message here was written by this benchmark or
//! by hyper, with a `content-length` or without a body.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message read.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Reads whole messages off one connection.
#[derive(Debug)]
pub(super) struct Messages<R> {
    io: R,
    buffer: Vec<u8>,
    filled: usize,
}

impl<R: AsyncRead + Unpin> Messages<R> {
    pub(super) fn new(io: R) -> Self {
        Self { io, buffer: vec![0; MESSAGE_BYTES_MAX], filled: 0 }
    }

    /// The next message's first line up to its second space; `None` at the end of the connection.
    pub(super) async fn next(&mut self) -> io::Result<Option<[u8; 12]>> {
        loop {
            let whole = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(bytes) = message_bytes(whole) {
                let mut start = [0; 12];
                for (to, from) in start.iter_mut().zip(whole) {
                    *to = *from;
                }
                // One at a time on a connection: what follows a message is nothing, or the start of the next.
                self.buffer.copy_within(bytes..self.filled, 0);
                self.filled -= bytes;
                return Ok(Some(start));
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            if room.is_empty() {
                return Err(io::Error::other("a message is too long"));
            }
            match self.io.read(room).await? {
                0 => return Ok(None),
                n => self.filled += n,
            }
        }
    }
}

/// Length of the first message, if it is all there.
fn message_bytes(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut lines = bytes.get(..head)?.split(|byte| *byte == b'\n');
    let length = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(b"content-length:".len())?;
        let value = std::str::from_utf8(value).ok()?;
        name.eq_ignore_ascii_case(b"content-length:").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + length.unwrap_or(0);
    (bytes.len() >= whole).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_end_where_they_say() {
        let bytes: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\r\nHTTP/1.1 2";
        let mut messages = Messages::new(bytes);
        assert_eq!(&messages.next().await.unwrap().unwrap(), b"HTTP/1.1 200");
        assert_eq!(&messages.next().await.unwrap().unwrap(), b"HTTP/1.1 404");
        assert_eq!(messages.next().await.unwrap(), None);
    }
}
