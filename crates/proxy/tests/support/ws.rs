//! Both ends of WebSockets: a client that upgrades with raw bytes, and an exchange that writes down each message.

use super::client::Client;
use super::upstream::{Behaviour, behaviour};
use super::{World, sign, soon};
use futures_util::{SinkExt, StreamExt};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

pub const PRIVATE: &str = "/websocket/v1/private";
pub const PUBLIC: &str = "/websocket/v1";
pub const MY_ASSET: &str = r#"[{"ticket":"t"},{"type":"myAsset"}]"#;
pub const MY_ORDER: &str = r#"[{"ticket":"t"},{"type":"myOrder"}]"#;

/// Key of the handshake; that of RFC 6455's example.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The exchange's side.
pub struct Exchange {
    received: Mutex<Vec<Message>>,
    say: broadcast::Sender<Message>,
    open: AtomicUsize,
    closes: Mutex<Vec<Option<CloseFrame>>>,
}

impl Exchange {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            received: Mutex::default(),
            say: broadcast::channel(4096).0,
            open: AtomicUsize::new(0),
            closes: Mutex::default(),
        })
    }

    /// Text and binary messages of all clients.
    pub fn received(&self) -> Vec<Message> {
        self.received.lock().unwrap().clone()
    }

    pub fn texts(&self) -> Vec<String> {
        self.received().into_iter().map(|m| m.into_text().unwrap().to_string()).collect()
    }

    /// Sends to every client.
    pub fn say(&self, message: Message) {
        self.say.send(message).unwrap();
    }

    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Close frames received.
    pub fn closes(&self) -> Vec<Option<CloseFrame>> {
        self.closes.lock().unwrap().clone()
    }

    /// Upgrades whoever asks, offering compression as a real exchange does; answers all else with 404.
    pub fn behaviour(self: &Arc<Self>) -> Behaviour {
        let this = Arc::clone(self);
        behaviour(move |got, mut conn| {
            let this = Arc::clone(&this);
            async move {
                if !got.is_upgrade() {
                    conn.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
                    return Some(conn);
                }
                let accept = derive_accept_key(got.header("sec-websocket-key").unwrap().as_bytes());
                let hello = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
                );
                // Counted before the client can know.
                this.open.fetch_add(1, Ordering::SeqCst);
                let say = this.say.subscribe();
                conn.send(hello.as_bytes()).await;
                this.serve(conn.tcp, say).await;
                this.open.fetch_sub(1, Ordering::SeqCst);
                None
            }
        })
    }

    async fn serve(&self, tcp: TcpStream, mut say: broadcast::Receiver<Message>) {
        let socket = WebSocketStream::from_raw_socket(tcp, Role::Server, None).await;
        let (mut out, mut from) = socket.split();
        let speak = async {
            while let Ok(message) = say.recv().await {
                if out.send(message).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let listen = async {
            while let Some(Ok(message)) = from.next().await {
                match message {
                    Message::Close(frame) => self.closes.lock().unwrap().push(frame),
                    Message::Text(_) | Message::Binary(_) => self.received.lock().unwrap().push(message),
                    _ => {}
                }
            }
        };
        tokio::select! { () = speak => {}, () = listen => {} }
    }
}

/// A head that asks for an upgrade under a credential.
pub fn head(path: &str, authorization: &str, more: &str) -> String {
    let authorization = match authorization {
        "" => String::new(),
        some => format!("Authorization: {some}\r\n"),
    };
    format!(
        "GET {path} HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{authorization}{more}\r\n"
    )
}

/// A client's open stream.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a private stream of a key.
    pub async fn open(world: &World, key: &str) -> Self {
        Self::open_with(world, PRIVATE, &sign::bearer(key, "")).await
    }

    pub async fn open_with(world: &World, path: &str, authorization: &str) -> Self {
        match Self::try_open(world, path, authorization, None).await {
            Ok(socket) => socket,
            Err(response) => panic!("not upgraded: {response:?}"),
        }
    }

    pub async fn try_open(
        world: &World,
        path: &str,
        authorization: &str,
        from: Option<IpAddr>,
    ) -> Result<Self, super::client::Response> {
        let mut client = Client::connect(world.address, from).await;
        client.send(head(path, authorization, "").as_bytes()).await;
        let response = client.response("GET").await;
        if response.status != 101 {
            return Err(response);
        }
        assert_eq!(response.header("sec-websocket-accept"), Some(derive_accept_key(KEY.as_bytes()).as_str()));
        assert_eq!(response.header("sec-websocket-extensions"), None, "compression was agreed on");
        // What followed the response at once is of the stream already.
        Ok(Self(WebSocketStream::from_partially_read(client.tcp, client.buffer, Role::Client, None).await))
    }

    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Option<Message> {
        soon("a message", self.0.next()).await.and_then(Result::ok)
    }

    /// The next message, as text.
    pub async fn next_text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Reads to the end; the code of the close frame.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|f| f.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }
}
