//! A client that sends whatever bytes it is told.

use super::{PATIENCE, soon};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A response as read.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Name in the exchange's error body, in either of its shapes.
    pub fn error_name(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("a JSON body");
        let error = body.get("error").unwrap_or(&body);
        error["name"].as_str().expect("a name").to_owned()
    }
}

pub struct Client {
    pub tcp: TcpStream,
    /// Read and not yet asked for.
    pub buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(to: SocketAddr, from: Option<IpAddr>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0)).unwrap();
        }
        let tcp = socket.connect(to).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Self { tcp, buffer: Vec::new() }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.tcp.write_all(bytes).await.unwrap();
    }

    /// Reads more; false at the end.
    pub async fn more(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match soon("bytes of a response", self.tcp.read(&mut chunk)).await {
            Ok(0) => false,
            Ok(n) => {
                self.buffer.extend_from_slice(&chunk[..n]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads until the bytes so far hold a text; gives all of them.
    pub async fn read_until(&mut self, text: &str) -> String {
        loop {
            let so_far = String::from_utf8_lossy(&self.buffer).into_owned();
            if so_far.contains(text) {
                return so_far;
            }
            assert!(self.more().await, "ended before {text:?}: {so_far:?}");
        }
    }

    /// The next response to a request of this method; interim ones are skipped.
    pub async fn response(&mut self, method: &str) -> Response {
        self.try_response(method).await.expect("a response before the connection ends")
    }

    /// As `response`; `None` if the connection ends first.
    pub async fn try_response(&mut self, method: &str) -> Option<Response> {
        loop {
            let head = loop {
                if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                    let rest = self.buffer.split_off(at + 4);
                    break String::from_utf8(std::mem::replace(&mut self.buffer, rest)).unwrap();
                }
                if !self.more().await {
                    return None;
                }
            };
            let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
            let mut response = Response { status, head, body: Vec::new() };
            if status == 100 {
                continue;
            }
            if status == 101 || status == 204 || method == "HEAD" {
                return Some(response);
            }
            if let Some(length) = response.header("content-length") {
                let length: usize = length.parse().unwrap();
                while self.buffer.len() < length {
                    if !self.more().await {
                        return None;
                    }
                }
                let rest = self.buffer.split_off(length);
                response.body = std::mem::replace(&mut self.buffer, rest);
            } else if response.header("transfer-encoding").is_some() {
                response.body = self.chunks().await?;
            } else {
                while self.more().await {}
                response.body = std::mem::take(&mut self.buffer);
            }
            return Some(response);
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let rest = self.buffer.split_off(at + 2);
                let line = std::mem::replace(&mut self.buffer, rest);
                return Some(String::from_utf8(line[..at].to_vec()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line().await?, 16).unwrap();
            while self.buffer.len() < size + 2 {
                if !self.more().await {
                    return None;
                }
            }
            let rest = self.buffer.split_off(size + 2);
            let chunk = std::mem::replace(&mut self.buffer, rest);
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    /// Whether the proxy closes without sending anything more.
    pub async fn is_closed(&mut self) -> bool {
        let closed = async {
            while self.buffer.is_empty() && self.more().await {}
            self.buffer.is_empty()
        };
        tokio::time::timeout(PATIENCE, closed).await.unwrap_or(false)
    }
}
