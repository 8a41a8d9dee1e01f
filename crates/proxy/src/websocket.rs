//! WebSockets: the upgrade, and the relay of whole messages between client and exchange.
//!
//! Upbit's token names no scope, so each client message on a private stream is read and refused if it asks for what
//! the key lacks. For that the text must be readable: permessage-deflate is taken out of the handshake (an
//! extension is optional, RFC 6455, 9.1), and messages are relayed whole, so a stream is only ever ended between
//! messages. Pings are answered on each side by this gate.

use crate::admission::Admitted;
use crate::complain::chain;
use crate::forward::Outgoing;
use crate::head;
use crate::record::{self, Asked};
use crate::refuse;
use crate::server::Room;
use crate::service::{Body, Proxy, Received};
use crate::stall::Streamed;
use crate::streams::{End, Registered};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use sumun_dialect::ClientMessage;
use sumun_gate::{Answer, Decision, Permit, StreamHold};
use sumun_model::{Reason, Scope, ScopeSet};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tracing::{debug, warn};

/// Longest client message, bytes. A subscription naming every market of the venue is under 16 KiB.
const CLIENT_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Longest message from the exchange, bytes.
const UPSTREAM_MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a side that was sent a close may take to answer it.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Serves a request that asks for a WebSocket and was decided.
pub(crate) async fn serve(
    proxy: Arc<Proxy>,
    mut received: Received,
    mut decision: Decision,
    client: OnUpgrade,
) -> Response<Body> {
    let private = decision.answer() != Answer::Public;
    // Registered first, decided again after: a change of the table in between is seen by one or the other.
    let registered = private.then_some(decision.entry.as_ref()).flatten().map(|entry| {
        let scopes = decision.scope().into_iter().collect::<ScopeSet>();
        let route = decision.route.map(|route| route.path.as_str());
        proxy.streams.register(StreamHold { key: entry.id(), source: received.source, route, scopes })
    });
    if let Some(stream) = &registered {
        let again = proxy.gate.decide_stream(&stream.hold(), &[], proxy.now());
        if again.reason.is_some() && decision.reason().is_none() {
            // The table may have changed back by now. The stream is registered: a change after this is seen there.
            decision = proxy.decide(&received).after_reregistration(&decision);
        }
    }
    let Admitted { permit, pending } = match proxy.admit(&received, &mut decision).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    let body = Outgoing::new(received.body.clone(), received.token.take());
    let (response, upstream) = match connect(&proxy, &permit, &received, body).await {
        Ok(connected) => connected,
        Err(error) => {
            proxy.metrics.upstream_failure(error.kind());
            if let Some(suppressed) = proxy.complaints.stream.due(proxy.clock.monotonic_us()) {
                warn!(
                    upstream.authority = %proxy.upstream.authority(), suppressed,
                    "No stream from the exchange: {}", chain(&error)
                );
            }
            let response = refuse::problem(
                error.status(),
                "upstream_unavailable",
                "the exchange did not open the stream; try again shortly",
            );
            pending.done(response.status());
            return response;
        }
    };
    pending.done(response.status());
    if let Some(upstream) = upstream {
        let proxy = Arc::clone(&proxy);
        let path = received.parts.uri.path().to_owned();
        let room = received.parts.extensions.get::<Room>().cloned();
        tokio::spawn(async move {
            match client.await {
                Ok(client) => relay(&proxy, &path, client, upstream, registered).await,
                Err(error) => debug!("The client left before its stream began: {error}"),
            }
            drop(room);
        });
    }
    response
}

#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    #[error("no connection")]
    Connect(#[source] std::io::Error),
    #[error("no answer within {0:?}")]
    AnswerTimeout(Duration),
    #[error("the handshake broke")]
    Handshake(#[source] hyper::Error),
}

impl ConnectError {
    const fn kind(&self) -> &'static str {
        match self {
            Self::AnswerTimeout(_) => "timeout",
            Self::Connect(_) | Self::ConnectTimeout(_) => "connect",
            Self::Handshake(_) => "broken",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::AnswerTimeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Connect(_) | Self::ConnectTimeout(_) | Self::Handshake(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

/// The exchange's side of the handshake. Its `Sec-WebSocket-Accept` answers the client's own key, so the
/// exchange's response goes to the client as it is. `None`: it refused.
async fn connect(
    proxy: &Proxy,
    _permit: &Permit,
    received: &Received,
    body: Outgoing,
) -> Result<(Response<Body>, Option<Upgraded>), ConnectError> {
    let limit = proxy.config.timeouts.connect;
    let tcp = tokio::time::timeout(limit, TcpStream::connect(proxy.upstream.authority().as_str()))
        .await
        .map_err(|_| ConnectError::ConnectTimeout(limit))?
        .map_err(ConnectError::Connect)?;
    tcp.set_nodelay(true).map_err(ConnectError::Connect)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.map_err(ConnectError::Handshake)?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!("An upgraded connection to the exchange ended: {error}");
        }
    });

    let mut parts = proxy.upstream.head(received.parts.clone(), received.source);
    parts.headers.remove(header::SEC_WEBSOCKET_EXTENSIONS);
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    parts.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Some(target) = parts.uri.path_and_query() {
        parts.uri = http::Uri::from(target.clone());
    }
    // A handshake has no body as a rule; one that was signed goes on all the same.
    let sent = sender.send_request(Request::from_parts(parts, body));
    let limit = proxy.config.timeouts.upstream_response;
    let mut response = tokio::time::timeout(limit, sent)
        .await
        .map_err(|_| ConnectError::AnswerTimeout(limit))?
        .map_err(ConnectError::Handshake)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        head::strip_hop_by_hop(response.headers_mut());
        return Ok((response.map(|body| Either::Right(Streamed::new(body, limit))), None));
    }
    let upgraded = hyper::upgrade::on(&mut response).await.map_err(ConnectError::Handshake)?;
    let mut parts = response.into_parts().0;
    parts.headers.remove(header::SEC_WEBSOCKET_EXTENSIONS);
    Ok((Response::from_parts(parts, Either::Left(Full::default())), Some(upgraded)))
}

fn limits(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

async fn socket(io: Upgraded, role: Role, message_bytes_max: usize) -> Socket {
    WebSocketStream::from_raw_socket(TokioIo::new(io), role, Some(limits(message_bytes_max))).await
}

/// Why a relay ended.
enum Ending {
    /// One side closed or broke.
    Gone,
    /// Nothing came for too long.
    Idle,
    /// The stream must end.
    Cut(End),
}

async fn relay(
    proxy: &Arc<Proxy>,
    path: &str,
    client: Upgraded,
    upstream: Upgraded,
    stream: Option<Registered>,
) {
    let _open = proxy.metrics.stream_opened();
    let client = socket(client, Role::Server, CLIENT_MESSAGE_BYTES_MAX).await;
    let upstream = socket(upstream, Role::Client, UPSTREAM_MESSAGE_BYTES_MAX).await;
    let (mut to_client, mut from_client) = client.split();
    let (mut to_upstream, mut from_upstream) = upstream.split();
    let _counted = stream.is_none().then(|| proxy.streams.count());
    let mut ends = proxy.streams.ends(stream.as_deref());
    if let Some(stream) = &stream {
        // From here on something may go through it; whether it is refused is looked at before anything does.
        stream.opened();
    }
    let idle = proxy.config.timeouts.websocket_idle;

    let ending = loop {
        let step = async {
            tokio::select! {
                // A stream that must end is ended before anything else goes through it.
                biased;
                end = ends.end() => Step::End(end),
                message = from_client.next() => Step::FromClient(message),
                message = from_upstream.next() => Step::FromUpstream(message),
            }
        };
        let step = match tokio::time::timeout(idle, step).await {
            Ok(step) => step,
            Err(_) => break Ending::Idle,
        };
        if let Step::End(end) = step {
            break Ending::Cut(end);
        }
        // A key that has just ended by the clock gets nothing more, even before the next look at all streams.
        if let (Step::FromUpstream(_), Some(stream)) = (&step, &stream)
            && proxy.recheck_stream(stream)
        {
            continue;
        }
        let send = async {
            match step {
                Step::FromClient(Some(Ok(message))) => match read(proxy, path, stream.as_ref(), &message) {
                    Reply::Forward => to_upstream.send(message).await,
                    Reply::Refuse(text) => to_client.send(Message::Text(text)).await,
                    Reply::Ignore => Ok(()),
                },
                Step::FromUpstream(Some(Ok(message))) => match message {
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
                    message => to_client.send(message).await,
                },
                Step::FromClient(None | Some(Err(_)))
                | Step::FromUpstream(None | Some(Err(_)))
                | Step::End(_) => Err(WsError::ConnectionClosed),
            }
        };
        // A side that reads nothing must not hold off the end. A message given up on here is already whole in the
        // socket's own buffer, so that a close still goes out behind it, at a frame's boundary.
        tokio::select! {
            sent = tokio::time::timeout(idle, send) => match sent {
                Ok(Ok(())) => {}
                Ok(Err(_)) => break Ending::Gone,
                Err(_) => break Ending::Idle,
            },
            end = ends.end() => break Ending::Cut(end),
        }
    };
    if let Some(stream) = &stream {
        stream.ended();
    }
    let (code, reason) = match ending {
        Ending::Gone => (CloseCode::Away, "the other side closed the stream".into()),
        Ending::Idle => (CloseCode::Away, "nothing was sent for too long".into()),
        Ending::Cut(End::Stopping) => (CloseCode::Restart, "the gateway is restarting; connect again".into()),
        Ending::Cut(End::Refused(_)) => {
            let refusal = proxy.gate.policy().dialect.stream_refusal();
            (CloseCode::from(refusal.close_code), refusal.close_reason.as_str().into())
        }
    };
    let close = CloseFrame { code, reason };
    // Each side is read until it answers: a socket dropped with bytes unread is reset, and the close lost with it.
    let leave_client = async {
        let _: Result<(), WsError> = to_client.send(Message::Close(Some(close))).await;
        while let Some(Ok(_)) = from_client.next().await {}
    };
    let leave_upstream = async {
        let _: Result<(), WsError> = to_upstream.send(Message::Close(None)).await;
        while let Some(Ok(_)) = from_upstream.next().await {}
    };
    // A peer that reads nothing, or never answers, must not hold the stream open.
    let _ = tokio::join!(
        tokio::time::timeout(CLOSE_WAIT, leave_client),
        tokio::time::timeout(CLOSE_WAIT, leave_upstream)
    );
}

enum Step {
    End(End),
    FromClient(Option<Result<Message, WsError>>),
    FromUpstream(Option<Result<Message, WsError>>),
}

enum Reply {
    Forward,
    Refuse(Utf8Bytes),
    Ignore,
}

/// Reads one client message; a private stream's message goes on only if it is understood and its scopes are granted.
fn read(proxy: &Proxy, path: &str, stream: Option<&Registered>, message: &Message) -> Reply {
    let text: &[u8] = match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
        // Answered on each side by this gate; a close is relayed by ending the relay.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Reply::Ignore,
    };
    let Some(stream) = stream else { return Reply::Forward };
    let hold = stream.hold();
    let now = proxy.deciding_now();
    let dialect = proxy.gate.policy().dialect;
    let (asked, unreadable): (Vec<Scope>, Option<Reason>) = match dialect.client_message(path, text) {
        ClientMessage::Understood(ask) => (ask.asks, None),
        ClientMessage::Refused(error) => (Vec::new(), Some(error.reason())),
    };
    let mut decision = proxy.gate.decide_message(&hold, &asked, now);
    if let Some(reason) = unreadable {
        proxy.gate.fails_too(&mut decision, &hold, reason);
    }
    let enforce = decision.enforced;
    if asked.is_empty() && decision.reason.is_none() {
        return Reply::Forward;
    }
    let missing = (decision.reason == Some(Reason::ScopeMissing))
        .then(|| proxy.gate.table.get(hold.key.as_str()))
        .flatten()
        .and_then(|entry| asked.iter().copied().find(|scope| !entry.scopes().contains(*scope)));
    let bypass = proxy.gate.bypass();
    let wanted = Asked { scopes: &asked, missing, bypass: bypass.as_deref() };
    let mut line = record::message(&proxy.ids, now.wall, path, &hold, wanted, &decision, enforce);
    if proxy.sink.single(&mut line).is_err() {
        proxy.metrics.unrecorded.inc();
    }
    proxy.metrics.message_verdict(decision.reason);
    match decision.reason {
        // One line of a flood is enough: each further message would be another.
        Some(_) if enforce && decision.over_rate() => {
            if stream.refuse(Reason::RateLimited) {
                proxy.metrics.streams_cut.inc();
            }
            Reply::Ignore
        }
        Some(reason) if enforce => Reply::Refuse(Utf8Bytes::from(dialect.message_refusal(reason))),
        _ => {
            // Noted first and decided again after, as with the stream itself: a change of the table in between is
            // seen by one or the other.
            stream.subscribed(&asked);
            if proxy.recheck_stream(stream) { Reply::Ignore } else { Reply::Forward }
        }
    }
}
