//! Lines of a body as they come in, a part at a time: however long the body, no more than one part of it is in memory.
//!
//! Knows line ends and bounds; nothing of what a line says. A line that is too long is cut, so that its reader can refuse it by number;
//! the copies made of it here are wiped when they are done with, as it may hold a secret. The frames that it came in are not: they are
//! the connection's, which reads the next ones into the same memory.

use crate::problem::Problem;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::time::Duration;
use sumun_govern::imports::{BYTES_OF_PART_MAX, LINES_OF_PART_MAX};
use sumun_model::wire::LINE_BYTES_MAX;
use zeroize::{Zeroize, Zeroizing};

/// How long a sender may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A line with its number, from 1.
pub(crate) type Numbered = (u64, Zeroizing<Vec<u8>>);

/// Why a body ends before its end.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Lines of one body.
pub(crate) struct LineStream {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>,
    /// What came and is not looked at yet.
    frame: Bytes,
    /// The line at hand, as far as it came; with room for the longest, as growing would leave copies behind.
    line: Zeroizing<Vec<u8>>,
    number: u64,
    ended: bool,
}

impl LineStream {
    /// Lines of this body.
    pub(crate) fn of<E: Into<Broken>>(body: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self {
            body: Box::pin(body.map(|frame| frame.map_err(Into::into))),
            frame: Bytes::new(),
            line: Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX + 1)),
            number: 0,
            ended: false,
        }
    }

    /// The next part: lines that are not empty, in order. None at the end.
    ///
    /// # Errors
    /// `body_incomplete` if the body breaks off or its sender falls silent. The parts before are as good as they were.
    pub(crate) async fn part(&mut self) -> Result<Option<Vec<Numbered>>, Problem> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < LINES_OF_PART_MAX && bytes < BYTES_OF_PART_MAX {
            let Some(line) = self.line().await? else { break };
            bytes += line.1.len();
            lines.push(line);
        }
        Ok((!lines.is_empty()).then_some(lines))
    }

    async fn line(&mut self) -> Result<Option<Numbered>, Problem> {
        loop {
            while !self.frame.is_empty() {
                let end = self.frame.iter().position(|byte| *byte == b'\n');
                let taken = self.frame.split_to(end.unwrap_or(self.frame.len()));
                // One byte more than may be tells that it is too long; the rest of it says nothing more.
                let room = (LINE_BYTES_MAX + 1).saturating_sub(self.line.len());
                self.line.extend_from_slice(taken.get(..room.min(taken.len())).unwrap_or_default());
                if end.is_some() {
                    let _ = self.frame.split_to(1);
                    if let Some(line) = self.ended_line() {
                        return Ok(Some(line));
                    }
                }
            }
            if self.ended {
                return Ok(if self.line.is_empty() { None } else { self.ended_line() });
            }
            match tokio::time::timeout(SILENCE_MAX, self.body.next()).await {
                Ok(Some(Ok(frame))) => self.frame = frame,
                Ok(None) => self.ended = true,
                Ok(Some(Err(_))) | Err(_) => {
                    let detail = format!("the body broke off behind line {}", self.number);
                    let remedy = "send it again: what came is kept, and is done only once";
                    return Err(Problem::bad_request("body_incomplete", detail, remedy));
                }
            }
        }
    }

    /// The line at hand, at its end; none if nothing stands in it.
    fn ended_line(&mut self) -> Option<Numbered> {
        self.number += 1;
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        // As large as it is, once: a part holds many.
        let line = Zeroizing::new(self.line.to_vec());
        self.line.as_mut_slice().zeroize();
        self.line.clear();
        line.iter().any(|byte| !byte.is_ascii_whitespace()).then_some((self.number, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    async fn all(frames: Vec<&'static [u8]>) -> Vec<(u64, String)> {
        let body =
            stream::iter(frames.into_iter().map(|frame| Ok::<_, Infallible>(Bytes::from_static(frame))));
        let mut lines = LineStream::of(body);
        let mut all = Vec::new();
        while let Some(part) = lines.part().await.unwrap() {
            all.extend(
                part.into_iter().map(|(number, line)| (number, String::from_utf8_lossy(&line).into_owned())),
            );
        }
        all
    }

    #[tokio::test]
    async fn lines_are_put_together_whatever_the_frames() {
        let wanted = [(1, "one".to_owned()), (3, "three".to_owned()), (5, "five".to_owned())];
        assert_eq!(all(vec![b"one\n\nthree\r\n \nfive"]).await, wanted);
        assert_eq!(all(vec![b"o", b"ne", b"\n", b"\nthr", b"ee\r", b"\n \n", b"", b"five\n"]).await, wanted);
        assert_eq!(all(vec![]).await, []);
    }

    #[tokio::test]
    async fn the_line_at_hand_never_moves_and_leaves_nothing_behind() {
        let frames: Vec<Result<Bytes, Infallible>> = std::iter::repeat_with(|| vec![b'x'; 700])
            .take(100)
            .map(|frame| Ok(Bytes::from(frame)))
            .chain([Ok(Bytes::from_static(b"\r\nnext\n"))])
            .collect();
        let mut lines = LineStream::of(stream::iter(frames));
        let (at, room) = (lines.line.as_ptr(), lines.line.capacity());
        let part = lines.part().await.unwrap().unwrap();
        assert_eq!(part.len(), 2);
        assert!(part.iter().all(|(_, line)| line.capacity() == line.len()));
        assert_eq!((lines.line.as_ptr(), lines.line.capacity(), lines.line.len()), (at, room, 0));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_cut_and_counted() {
        let long = vec![b'x'; 3 * LINE_BYTES_MAX];
        let frames: Vec<Result<Bytes, Infallible>> = long
            .chunks(1000)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .chain([Ok(Bytes::from_static(b"\nnext\n"))])
            .collect();
        let mut lines = LineStream::of(stream::iter(frames));
        let part = lines.part().await.unwrap().unwrap();
        let lengths: Vec<(u64, usize)> = part.iter().map(|(number, line)| (*number, line.len())).collect();
        // Whoever hands it on sees that it is too long; nothing is kept of the rest.
        assert_eq!(lengths, [(1, LINE_BYTES_MAX + 1), (2, 4)]);
    }

    #[tokio::test]
    async fn of_a_hundred_thousand_lines_one_part_is_in_flight() {
        const LINES: u64 = 100_000;
        const LINES_OF_FRAME: u64 = 64;
        let sent = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let frames = stream::iter((0..LINES).step_by(64)).map(move |from| {
            let lines: Vec<String> =
                (from..(from + LINES_OF_FRAME).min(LINES)).map(|n| format!("{{\"n\":{n}}}\n")).collect();
            counted.fetch_add(lines.len() as u64, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from(lines.concat()))
        });
        let mut lines = LineStream::of(frames);
        let (mut done, mut most) = (0, 0);
        while let Some(part) = lines.part().await.unwrap() {
            // The part is at hand, and what was read beyond it: nothing of it is done yet.
            most = most.max(sent.load(Ordering::SeqCst) - done);
            done += part.len() as u64;
        }
        assert_eq!((done, sent.load(Ordering::SeqCst)), (LINES, LINES));
        assert!(most <= LINES_OF_PART_MAX as u64 + LINES_OF_FRAME, "{most} lines were in flight");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_says_behind_which_line() {
        let frames = [Ok(Bytes::from_static(b"one\ntw")), Err(std::io::Error::other("made up"))];
        let mut lines = LineStream::of(stream::iter(frames));
        let problem = lines.part().await.unwrap_err();
        assert_eq!(
            (problem.code, problem.detail.as_str()),
            ("body_incomplete", "the body broke off behind line 1")
        );
    }
}
