//! What a route does. Failure behaviour is set per effect (DESIGN, "Failure is per effect").

use crate::words::words;

words! {
    /// What a request would do if it went through.
    pub enum Effect ("effect") {
        /// Looks at something.
        Read = "read",
        /// Takes a resting order away. Never refused for the gate's own troubles.
        Cancel = "cancel",
        /// Places or changes an order.
        Order = "order",
        /// Moves assets, or is unknown to the dialect.
        Transfer = "transfer",
    }
}
