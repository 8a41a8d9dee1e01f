//! Numbers that look random and are the same in every run: splitmix64 (Steele, Lea, Flood 2014).

/// The seed of every run.
pub const SEED: u64 = 0x5eed_0f5a_3a4b_0001;

/// A generator.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator for one purpose; `stream` keeps purposes apart.
    #[must_use]
    pub const fn new(stream: u64) -> Self {
        Self(SEED ^ stream.wrapping_mul(0xd605_bbb5_8c8a_bbad))
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number below `bound`; its bias is far below what a benchmark could show.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
