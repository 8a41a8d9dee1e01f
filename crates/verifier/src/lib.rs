//! Offline check of a published ledger; small enough to read in one sitting.
