//! The load: a bounded number of keep-alive connections, each sending its next request when the last was answered. And
//! the exchange behind the proxies: an answer that is always the same. Both on the load's own core, both as
//! cheap as can be, so that the server under measurement is what fills its core.

use super::wire::Messages;
use crate::clock::Stopwatch;
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// Connections held at once.
pub(super) const CONNECTIONS: usize = 32;
/// Longest time one round may take.
const ROUND_MAX: Duration = Duration::from_secs(30);
/// What the exchange answers: balances of three assets, made up.
pub(super) const ANSWER: &str = concat!(
    r#"[{"currency":"KRW","balance":"1000000.0","locked":"0.0","avg_buy_price":"0","unit_currency":"KRW"},"#,
    r#"{"currency":"BTC","balance":"2.0","locked":"0.0","avg_buy_price":"101000","unit_currency":"KRW"},"#,
    r#"{"currency":"ETH","balance":"9.5","locked":"0.0","avg_buy_price":"5100","unit_currency":"KRW"}]"#
);

/// Answers every request on the listener the same way, for as long as it is polled.
pub(super) async fn exchange(listener: TcpListener) {
    let response = Rc::new(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nremaining-req: group=default; min=1800; sec=29\r\n\
         content-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    ));
    while let Ok((mut tcp, _)) = listener.accept().await {
        let response = Rc::clone(&response);
        tokio::task::spawn_local(async move {
            let _ = tcp.set_nodelay(true);
            let (read, mut write) = tcp.split();
            let mut requests = Messages::new(read);
            while let Ok(Some(_)) = requests.next().await {
                if write.write_all(response.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
    }
}

/// Sends every request once and returns how long it took. All must be answered with 200.
///
/// # Errors
/// A connection broke, an answer was another, or it took too long.
pub(super) async fn round(server: SocketAddr, requests: Rc<Vec<Vec<u8>>>) -> Result<Duration> {
    let count = requests.len();
    ensure!(count >= CONNECTIONS, "too few requests for a round");
    let mut connected = Vec::new();
    for _ in 0..CONNECTIONS {
        let tcp = TcpStream::connect(server).await.context("no connection to the server")?;
        tcp.set_nodelay(true)?;
        connected.push(tcp);
    }
    let watch = Stopwatch::start();
    let senders: Vec<_> = connected
        .into_iter()
        .enumerate()
        .map(|(first, tcp)| tokio::task::spawn_local(send(tcp, Rc::clone(&requests), first)))
        .collect();
    let all = async {
        for sender in senders {
            sender.await??;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(ROUND_MAX, all).await.context("a round took too long")??;
    Ok(watch.elapsed())
}

async fn send(mut tcp: TcpStream, requests: Rc<Vec<Vec<u8>>>, first: usize) -> Result<()> {
    let (read, mut write) = tcp.split();
    let mut answers = Messages::new(read);
    for request in requests.iter().skip(first).step_by(CONNECTIONS) {
        write.write_all(request).await?;
        match answers.next().await? {
            Some(start) if start.ends_with(b" 200") => {}
            Some(start) => bail!("answered `{}` instead of 200", String::from_utf8_lossy(&start)),
            None => bail!("the server closed the connection"),
        }
    }
    Ok(())
}

/// A runtime on this thread alone.
///
/// # Errors
/// The system has no room for one.
pub(super) fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, work)
}
