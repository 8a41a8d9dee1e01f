//! Which segments may go. A plan is a value; [`Log::retain`](crate::Log::retain) carries it out.
//!
//! Never the active segment, and never the last segment that holds a record: a reader that resumes from
//! what the log already has (the drainer) must find at least that one.

use crate::record::Offset;

/// What to keep. A segment goes when either limit says so; the default removes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Remove the oldest segments while the log is larger than this many bytes.
    pub bytes_max: Option<u64>,
    /// Remove segments whose records all lie below this offset.
    pub drop_below: Option<Offset>,
}

/// What [`Log::retain`](crate::Log::retain) removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many segments.
    pub segments: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
}

/// What the plan needs to know of one segment, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Offset of its first record.
    pub(crate) base: Offset,
    /// Its bytes, header included.
    pub(crate) bytes: u64,
}

/// How many of the oldest segments go. `next` is the next offset of the log.
pub(crate) fn plan(segments: &[Kept], next: Offset, retention: &Retention) -> usize {
    let mut bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let mut gone = 0;
    for pair in segments.windows(2) {
        let [oldest, second] = pair else { break };
        let holds_the_last_record = second.base == next;
        let too_much = retention.bytes_max.is_some_and(|bytes_max| bytes > bytes_max);
        let unwanted = retention.drop_below.is_some_and(|below| second.base <= below);
        if holds_the_last_record || !(too_much || unwanted) {
            break;
        }
        bytes -= oldest.bytes;
        gone += 1;
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans() {
        let segments: Vec<_> =
            [0, 10, 20, 30].map(|base| Kept { base: Offset::new(base), bytes: 100 }).into();
        let cases = [
            // next, bytes_max, drop_below => gone
            (35, None, None, 0),
            (35, Some(400), None, 0),
            (35, Some(399), None, 1),
            (35, Some(0), None, 3),
            (35, None, Some(9), 0),
            (35, None, Some(10), 1),
            (35, None, Some(29), 2),
            (35, None, Some(1000), 3),
            (35, Some(300), Some(20), 2),
            (30, Some(0), None, 2),
            (30, None, Some(30), 2),
        ];
        for (next, bytes_max, drop_below, gone) in cases {
            let retention = Retention { bytes_max, drop_below: drop_below.map(Offset::new) };
            assert_eq!(plan(&segments, Offset::new(next), &retention), gone, "{next} {retention:?}");
        }
        assert_eq!(
            plan(&segments[3..], Offset::new(35), &Retention { bytes_max: Some(0), drop_below: None }),
            0
        );
    }
}
