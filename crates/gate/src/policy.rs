//! The gate's own settings: what a venue chooses about deciding.

use sumun_dialect::Dialect;

/// What one gate enforces beside the keys themselves.
#[derive(Clone, Debug)]
pub struct GatePolicy {
    /// How the venue speaks.
    pub dialect: Dialect,
    /// False: shadow mode, every refusal is decided and recorded and none holds.
    pub enforce: bool,
    /// Failed verifications from one source prefix for one key within the window before it is turned away
    /// unread. 0: no limiter.
    pub failures_max: u32,
    /// Length of that window, microseconds.
    pub failures_window_us: u64,
    /// Requests a second for one key outside the order group; 0: no limit.
    pub default_per_second: u32,
    /// Orders a second for one key; 0: no limit.
    pub order_per_second: u32,
    /// Beyond this age of the key table, microseconds, `transfer` is refused.
    pub table_age_us_max: i64,
    /// How much longer `order` passes, microseconds; then it is refused too. `read` and `cancel` always pass.
    pub order_grace_us: i64,
    /// Nonces remembered per generation; two generations are kept.
    pub nonces_max: usize,
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self {
            dialect: Dialect::Upbit,
            enforce: true,
            failures_max: 20,
            failures_window_us: 60_000_000,
            default_per_second: 30,
            order_per_second: 12,
            table_age_us_max: 60_000_000,
            order_grace_us: 600_000_000,
            nonces_max: 4 << 20,
        }
    }
}
