//! Reading bodies of requests: whole, within a limit each, within a bound for all together, within a time.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use sumun_model::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of bodies held in memory at once, beyond [`TINY_BYTES`] of each. A quarter of a small machine's memory; bodies
/// of real orders are a few hundred bytes, so what waits for room is not an order.
const HELD_BYTES_MAX: usize = 256 << 20;

/// So much of each body is held without being counted, so that a flood of large ones holds up no order and no cancel.
/// Orders, cancels and withdrawals are all shorter.
pub(crate) const TINY_BYTES: usize = 4 << 10;

/// A body could not be read. Nothing was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request's body could not be read")]
    Broken,
    #[error("the request's body did not arrive in time; send it again")]
    Late,
    #[error("too many large request bodies are on their way; send it again shortly")]
    NoRoom,
}

impl BodyError {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Why the request was refused, as far as a code says it.
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Broken | Self::Late => Reason::MalformedCredentials,
            // For what is left of the room.
            Self::NoRoom => Reason::BodyTooLarge,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Broken => "bad_request",
            Self::Late => "request_timeout",
            Self::NoRoom => "server_busy",
        }
    }
}

/// A body as read.
#[derive(Debug, Default)]
pub(crate) struct WholeBody {
    /// Empty if it was too long.
    pub(crate) bytes: Bytes,
    /// Its share of the bound, given back when dropped.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// Reads bodies, and knows how much of them is in memory.
#[derive(Debug)]
pub(crate) struct Bodies {
    room: Arc<Semaphore>,
    bytes_max: usize,
    timeout: Duration,
}

impl Bodies {
    pub(crate) fn new(bytes_max: usize, timeout: Duration) -> Self {
        // Room for one of the longest at least.
        Self::with_room(HELD_BYTES_MAX.max(bytes_max), bytes_max, timeout)
    }

    fn with_room(held_bytes_max: usize, bytes_max: usize, timeout: Duration) -> Self {
        let room = Arc::new(Semaphore::new(held_bytes_max.min(Semaphore::MAX_PERMITS)));
        Self { room, bytes_max, timeout }
    }

    /// Reads a body; `None`: it is longer than the limit.
    ///
    /// # Errors
    /// It did not come whole.
    pub(crate) async fn read<B>(&self, body: B) -> Result<Option<WholeBody>, BodyError>
    where
        B: Body<Data = Bytes>,
    {
        if body.size_hint().lower() > self.bytes_max as u64 {
            return Ok(None);
        }
        if body.is_end_stream() {
            return Ok(Some(WholeBody::default()));
        }
        let mut deadline = pin!(tokio::time::sleep(self.timeout));
        let mut body = pin!(body);
        let mut whole = WholeBody::default();
        let mut parts = BytesMut::new();
        let mut length = 0;
        loop {
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = &mut deadline => return Err(BodyError::Late),
            };
            let data = match frame {
                None => break,
                Some(Err(_)) => return Err(BodyError::Broken),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            let counted = length.max(TINY_BYTES);
            length += data.len();
            if length > self.bytes_max {
                return Ok(None);
            }
            let more = length.saturating_sub(counted);
            if more > 0 {
                let share =
                    Arc::clone(&self.room).acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
                let share = tokio::select! {
                    biased;
                    share = share => share.map_err(|_| BodyError::NoRoom)?,
                    () = &mut deadline => return Err(BodyError::NoRoom),
                };
                match &mut whole.room {
                    Some(room) => room.merge(share),
                    none => *none = Some(share),
                }
            }
            // The usual body is one frame and is not copied.
            if whole.bytes.is_empty() && parts.is_empty() {
                whole.bytes = data;
            } else {
                if parts.is_empty() {
                    parts.extend_from_slice(&std::mem::take(&mut whole.bytes));
                }
                parts.extend_from_slice(&data);
            }
        }
        if !parts.is_empty() {
            whole.bytes = parts.freeze();
        }
        Ok(Some(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::convert::Infallible;

    const LONG: Duration = Duration::from_secs(60);

    fn frames(sizes: &[usize]) -> impl Body<Data = Bytes, Error = Infallible> {
        let frames: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| Ok(Frame::data(Bytes::from(vec![n as u8; *size]))))
            .collect();
        StreamBody::new(stream::iter(frames))
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn bodies_are_read_whole_within_the_limit() {
        let bodies = Bodies::new(10_000, LONG);
        for sizes in [&[][..], &[7], &[0, 7, 0], &[5_000, 5_000], &[1; 300]] {
            let expected: Vec<u8> =
                sizes.iter().enumerate().flat_map(|(n, size)| vec![n as u8; *size]).collect();
            let whole = run(bodies.read(frames(sizes))).unwrap().unwrap();
            assert_eq!(whole.bytes, expected, "{sizes:?}");
            let held = expected.len().saturating_sub(TINY_BYTES);
            assert_eq!(bodies.room.available_permits(), HELD_BYTES_MAX - held, "{sizes:?}");
            drop(whole);
            assert_eq!(bodies.room.available_permits(), HELD_BYTES_MAX);
        }
        assert!(run(bodies.read(frames(&[5_000, 5_001]))).unwrap().is_none());
        assert!(run(bodies.read(Full::new(Bytes::from(vec![0; 10_001])))).unwrap().is_none());
        assert_eq!(bodies.room.available_permits(), HELD_BYTES_MAX);
    }

    #[test]
    fn without_room_large_bodies_wait_and_tiny_ones_do_not() {
        let bodies = Bodies::with_room(6_000, 10_000, Duration::from_millis(50));
        let first = run(bodies.read(frames(&[10_000]))).unwrap().unwrap();
        assert_eq!(run(bodies.read(frames(&[5_000]))).unwrap_err(), BodyError::NoRoom);
        assert_eq!(run(bodies.read(frames(&[TINY_BYTES]))).unwrap().unwrap().bytes.len(), TINY_BYTES);
        drop(first);
        assert!(run(bodies.read(frames(&[5_000]))).unwrap().is_some());
    }

    #[test]
    fn a_body_that_does_not_come_is_late() {
        let bodies = Bodies::new(10_000, Duration::from_millis(20));
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(run(bodies.read(never)).unwrap_err(), BodyError::Late);
    }
}
