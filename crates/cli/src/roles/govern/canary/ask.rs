//! One request to one gate, as any client would send it: a connection of its own, plain HTTP/1.1, bounded in time and size.

use super::sign;
use crate::config::Upstream;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use sumun_dialect::Dialect;
use sumun_govern::canary::Heard;
use sumun_model::Reason;
use tokio::net::TcpStream;

/// Longest that a connection, a request and the answer take together.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// A refusal is shorter than this; of an answer that is not one, no more is read.
const REFUSAL_BYTES_MAX: usize = 4096;

/// Asks.
pub(super) async fn ask(dialect: Dialect, at: &Upstream, authorization: &str) -> Heard {
    match tokio::time::timeout(ANSWER_MAX, exchange(dialect, at, authorization)).await {
        Ok(Ok(heard)) => heard,
        Ok(Err(error)) => Heard::Nothing(crate::exit::with_causes(&*error)),
        Err(_) => Heard::Nothing(format!("no answer within {ANSWER_MAX:?}")),
    }
}

async fn exchange(
    dialect: Dialect,
    at: &Upstream,
    authorization: &str,
) -> Result<Heard, Box<dyn std::error::Error + Send + Sync>> {
    let host = at.host().trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((host, at.port())).await?;
    tcp.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await?;
    let request = Request::builder()
        .uri(sign::target(dialect))
        .header(header::HOST, at.authority().as_str())
        .header(header::USER_AGENT, "sumun-canary")
        .header(header::AUTHORIZATION, authorization)
        .body(Empty::<Bytes>::new())?;
    let asked = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = if status.is_success() { Bytes::new() } else { beginning(response.into_body()).await };
        Ok(heard(dialect, status, &body))
    };
    // The connection ends with the question.
    let mut asked = std::pin::pin!(asked);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        heard = asked.as_mut() => heard,
        _ = connection.as_mut() => asked.await,
    }
}

async fn beginning(body: Incoming) -> Bytes {
    Limited::new(body, REFUSAL_BYTES_MAX).collect().await.map(|body| body.to_bytes()).unwrap_or_default()
}

/// What an answer says. A gate's refusals are known to the byte; an exchange's own are not taken for them.
fn heard(dialect: Dialect, status: StatusCode, body: &[u8]) -> Heard {
    if status.is_success() {
        return Heard::Served;
    }
    let refusal = |reason: &Reason| {
        let refusal = dialect.refusal(*reason);
        refusal.status == status && refusal.body.as_bytes() == body
    };
    match Reason::ALL.iter().copied().find(refusal) {
        Some(reason) => Heard::Refused(reason),
        None => Heard::Unclear(format!("status {}, and not in a gate's words", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_gate_is_known_by_its_bytes() {
        for reason in Reason::ALL.iter().copied() {
            let refusal = Dialect::Upbit.refusal(reason);
            assert_eq!(
                heard(Dialect::Upbit, refusal.status, refusal.body.as_bytes()),
                Heard::Refused(reason)
            );
        }
        assert_eq!(heard(Dialect::Upbit, StatusCode::OK, b""), Heard::Served);
        let own = br#"{"error":{"name":"expired_access_key","message":"the exchange's own"}}"#;
        let unclear = heard(Dialect::Upbit, StatusCode::UNAUTHORIZED, own);
        assert!(matches!(unclear, Heard::Unclear(_)), "{unclear:?}");
    }
}
