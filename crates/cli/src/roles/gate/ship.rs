//! Shipping: what this gate saw goes to the control plane that its keys come from, in order, exactly once, as soon as it is
//! durable here (ADR 0018). Beside it goes when everything passed here (ADR 0022).
//!
//! A thread and a runtime of its own: nothing a request waits for. Where the control plane is away, lines wait in the gate's own
//! log and are sent when it is back; only what that log has dropped meanwhile is lost, and then the gap is told. The control
//! plane says what it holds; what stands on the disk here ([`place`]) is which log the positions are of.

mod place;
mod sender;

use super::bypass::journal::Journal;
use crate::config::Config;
use crate::enrolment::Enrolment;
use crate::exit::{BadInput, Failed};
use place::Place;
use sender::{SendError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use sumun_model::Timestamp;
use sumun_proxy::Proxy;
use sumun_stream::{JoinedRecord, Log, LogError, Offset, Reader};
use tokio::sync::watch;
use tracing::{error, info, warn};

/// How often is looked whether there is something to send, where nothing was.
const LOOK: Duration = Duration::from_millis(5);
/// How often is noted on the disk how far events were taken, microseconds of the steady clock.
const NOTE_EVERY_US: u64 = 5_000_000;
/// So often in a row there was nothing: then all that was decided is handed in.
const QUIET_LOOKS: u32 = 20;
/// Lines in one batch, and their bytes: far below what the control plane takes, so that one batch delays another little.
const LINES_MAX: usize = 2_000;
const BYTES_MAX: usize = 1 << 20;
/// When bypasses are told of again that were refused, microseconds.
const TELL_AGAIN_US: u64 = 60_000_000;
/// First pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// So long a gate that stops goes on sending.
const LAST_WORD_MAX: Duration = Duration::from_secs(2);

/// What is wrong now, if anything, in words.
type Trouble = Arc<Mutex<Option<String>>>;

/// Shipping at work.
pub(super) struct Shipping {
    trouble: Trouble,
    stopping: watch::Sender<bool>,
    thread: thread::JoinHandle<()>,
}

/// Lines for one request.
#[derive(Debug, Default)]
struct Batch {
    /// Position of the first.
    from: u64,
    lines: usize,
    /// NDJSON.
    body: Vec<u8>,
    /// Time of the first, for the measure of how far behind this is.
    first_ts: Option<Timestamp>,
}

struct Shipper {
    log: Log,
    /// Times in which everything passed here.
    bypasses: Arc<Journal>,
    /// When those are told of again that the control plane would not take, by the steady clock.
    tell_again_us: u64,
    place: Place,
    sender: Sender,
    proxy: Arc<Proxy>,
    trouble: Trouble,
    stopping: watch::Receiver<bool>,
    pause_max: Duration,
}

impl Shipping {
    /// Ships the log from now on.
    pub(super) fn start(
        config: &Config,
        authority: http::uri::Authority,
        (log, bypasses): (Log, Arc<Journal>),
        proxy: &Arc<Proxy>,
    ) -> anyhow::Result<Self> {
        let (enrolment, key) = Enrolment::load(config).map_err(|error| BadInput(error.to_string()))?;
        let place =
            Place::open(config.log_dir().join("shipping.json")).map_err(|error| Failed(error.to_string()))?;
        let (stopping, stopped) = watch::channel(false);
        let trouble = Trouble::default();
        let shipper = Shipper {
            log,
            bypasses,
            tell_again_us: 0,
            place,
            sender: Sender::new(authority, enrolment, key),
            proxy: Arc::clone(proxy),
            trouble: Arc::clone(&trouble),
            stopping: stopped,
            pause_max: Duration::from_millis(config.gate.feed.reconnect_ms_max.get()),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread =
            thread::Builder::new().name("ship".to_owned()).spawn(move || runtime.block_on(shipper.run()))?;
        Ok(Self { trouble, stopping, thread })
    }

    /// Where to look what is wrong.
    pub(super) fn trouble(&self) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let trouble = Arc::clone(&self.trouble);
        move || trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends what is there if that takes no time, then ends.
    pub(super) async fn stop(self) {
        self.stopping.send_replace(true);
        let thread = self.thread;
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// Why nothing more can be sent for now.
#[derive(Debug, thiserror::Error)]
enum ShipError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the event log cannot be read")]
    Read(#[source] LogError),
    #[error(
        "the control plane holds {held} of this gate's lines, and there are {next} here: this gate's log was exchanged for an older one"
    )]
    Behind { held: u64, next: u64 },
}

impl Shipper {
    /// Until the gate stops, and a moment longer.
    async fn run(self) {
        let mut stopping = self.stopping.clone();
        let last_word = async {
            // Ends with whoever stops it, too.
            let _ = stopping.wait_for(|stop| *stop).await;
            tokio::time::sleep(LAST_WORD_MAX).await;
        };
        tokio::select! {
            () = self.work() => {}
            () = last_word => {}
        }
    }

    async fn work(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let mut sent_any = false;
            let ended = self.ship(&mut sent_any).await;
            let Err(cause) = ended else { return };
            self.tell(&cause);
            if let ShipError::Behind { .. } = cause {
                self.place.begin_anew();
            }
            if sent_any {
                pause = PAUSE_MIN;
            }
            let mut stopping = self.stopping.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
            pause = (pause * 2).min(self.pause_max);
        }
    }

    fn tell(&self, cause: &ShipError) {
        let text = crate::exit::with_causes(cause);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref() != Some(&text) {
            if matches!(
                cause,
                ShipError::Send(SendError::Refused { status: 422, .. }) | ShipError::Behind { .. }
            ) {
                error!("Events are not handed in: {text}");
            } else {
                warn!("Events wait here: {text}");
            }
        }
        *trouble = Some(text);
    }

    /// Sends, until something is wrong or the gate stops.
    async fn ship(&mut self, sent_any: &mut bool) -> Result<(), ShipError> {
        let proxy = Arc::clone(&self.proxy);
        let (metrics, now) = (&proxy.metrics, || proxy.now().wall);
        let held = self.sender.held(self.place.log(), now()).await?;
        let next = self.log.next().get();
        if held > next {
            return Err(ShipError::Behind { held, next });
        }
        if self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            info!(held, "Events are handed in again");
        }
        let (mut after, mut quiet, mut noted_us) = (held, 0, 0);
        let mut reader = self.log.durable_reader(Offset::new(held));
        loop {
            let batch = match read(&mut reader) {
                Ok(batch) => batch,
                Err(LogError::Trimmed { first, .. }) => {
                    let missing = first.get().saturating_sub(after);
                    warn!(
                        "{missing} events were dropped from this gate's log before they could be handed in"
                    );
                    reader = self.log.durable_reader(first);
                    continue;
                }
                Err(error) => return Err(ShipError::Read(error)),
            };
            self.tell_bypasses().await?;
            metrics.unshipped(
                self.log.next().get().saturating_sub(after),
                batch.first_ts.map(|ts| now().micros_since(ts)),
            );
            if batch.lines == 0 {
                let now_us = self.proxy.now().monotonic_us;
                if now_us.saturating_sub(noted_us) >= NOTE_EVERY_US || *self.stopping.borrow() {
                    // The disk is the requests' too.
                    self.place.note(after);
                    noted_us = now_us;
                }
                quiet += 1;
                // What was under way when the gate was told to stop is drained within a moment.
                if *self.stopping.borrow() && quiet >= QUIET_LOOKS {
                    return Ok(());
                }
                tokio::time::sleep(LOOK).await;
                continue;
            }
            quiet = 0;
            after = self.sender.send(self.place.log(), batch.from, after, batch.body, now()).await?;
            metrics.shipped(u64::try_from(batch.lines).unwrap_or(u64::MAX));
            *sent_any = true;
        }
    }
}

impl Shipper {
    /// Tells of bypasses, if there is news of one. A control plane that would not take it is told again later, and events go on meanwhile.
    async fn tell_bypasses(&mut self) -> Result<(), ShipError> {
        let now = self.proxy.now();
        if now.monotonic_us < self.tell_again_us {
            return Ok(());
        }
        let Some(telling) = self.bypasses.to_tell() else { return Ok(()) };
        match self.sender.tell_bypasses(telling.body(), now.wall).await {
            Ok(()) => {
                self.bypasses.heard(&telling);
                Ok(())
            }
            Err(cause @ SendError::Refused { .. }) => {
                self.tell_again_us = now.monotonic_us.saturating_add(TELL_AGAIN_US);
                warn!(
                    "That everything passed here is not in the ledger yet; the control plane is told again within a minute: {}",
                    crate::exit::with_causes(&cause)
                );
                Ok(())
            }
            Err(cause) => Err(cause.into()),
        }
    }
}

/// The next lines. A position is an offset and one, so that none is 0.
fn read(reader: &mut Reader) -> Result<Batch, LogError> {
    let mut batch = Batch::default();
    while batch.lines < LINES_MAX && batch.body.len() < BYTES_MAX {
        let Some(record) = reader.poll()? else { break };
        let line = JoinedRecord::parse(&record).map_or(record.payload.as_slice(), |joined| joined.payload);
        if batch.lines == 0 {
            batch.from = record.offset.get().saturating_add(1);
            batch.first_ts = time_of(line);
        }
        batch.lines += 1;
        batch.body.extend_from_slice(line);
        batch.body.push(b'\n');
    }
    Ok(batch)
}

fn time_of(line: &[u8]) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct Timed {
        ts: Timestamp,
    }
    serde_json::from_slice::<Timed>(line).ok().map(|timed| timed.ts)
}
