//! Which worlds: `7`, `1000..1019` (both ends told) or a list of those.

use std::str::FromStr;

/// Most worlds of one run.
const SEEDS_MAX: usize = 10_000;

/// Seeds, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

/// Text that names no seeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no seeds; say `7`, `1000..1019` or `1,2,5..9`, at most {SEEDS_MAX} of them")]
pub struct SeedsError(String);

impl FromStr for Seeds {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Self, SeedsError> {
        let wrong = || SeedsError(text.chars().take(64).collect());
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let (from, to) = part.split_once("..").unwrap_or((part, part));
            let read = |n: &str| n.trim().parse::<u64>().map_err(|_| wrong());
            let (from, to) = (read(from)?, read(to)?);
            if to < from || usize::try_from(to - from).map_or(true, |n| n >= SEEDS_MAX - seeds.len()) {
                return Err(wrong());
            }
            seeds.extend(from..=to);
        }
        Ok(Self(seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_with_both_ends() {
        for (text, seeds) in [("7", vec![7]), ("3..5", vec![3, 4, 5]), ("1,4..5,9", vec![1, 4, 5, 9])] {
            assert_eq!(text.parse(), Ok(Seeds(seeds)), "{text}");
        }
        for bad in ["", "a", "5..3", "1..", "..3", "0..10000", "0..18446744073709551615", "-1"] {
            assert!(bad.parse::<Seeds>().is_err(), "{bad}");
        }
    }
}
