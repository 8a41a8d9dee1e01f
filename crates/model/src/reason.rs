//! Why a request is refused: the gate's reason codes, in the gate's order (WIRE 7).
//!
//! A code may be added, never renamed.

use crate::words::words;

words! {
    /// The first check that failed. Ordered as the gate decides.
    pub enum Reason ("reason") {
        /// No credential, or one that cannot be read.
        MalformedCredentials = "malformed_credentials",
        /// The body of a signed request is larger than the gate buffers.
        BodyTooLarge = "body_too_large",
        /// No such key.
        UnknownKey = "unknown_key",
        /// Too many failed verifications from this source for this key.
        TooManyFailures = "too_many_failures",
        /// The signature does not hold for the request received.
        SignatureInvalid = "signature_invalid",
        /// The client's time lies outside the window.
        TimestampOutOfWindow = "timestamp_out_of_window",
        /// The nonce was used before.
        Replayed = "replayed",
        /// The key was never activated.
        KeyNotActive = "key_not_active",
        /// The key is suspended; only cancelling passes.
        KeySuspended = "key_suspended",
        /// The key has ended.
        KeyExpired = "key_expired",
        /// A hold is in force; only reading and cancelling pass.
        KeyHeld = "key_held",
        /// Identity and control must be proved anew; only reading and cancelling pass.
        ReverificationRequired = "reverification_required",
        /// Its owner has not registered in time who uses it; only reading and cancelling pass.
        RegistrationRequired = "registration_required",
        /// The source address is not registered for the key.
        AddressNotAllowed = "address_not_allowed",
        /// The client or device is not registered for the key.
        ClientNotAllowed = "client_not_allowed",
        /// The dialect knows no such route.
        RouteUnknown = "route_unknown",
        /// The key lacks the scope.
        ScopeMissing = "scope_missing",
        /// A time-limited right has ended.
        GrantExpired = "grant_expired",
        /// The request reaches for another account.
        AccountNotAllowed = "account_not_allowed",
        /// The mandate does not name the market.
        MarketNotAllowed = "market_not_allowed",
        /// The operator or vendor is not approved.
        OperatorNotApproved = "operator_not_approved",
        /// The owner must confirm on another device first.
        ConfirmationRequired = "confirmation_required",
        /// Automated access is halted.
        Halted = "halted",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// A limit of the mandate would be passed.
        LimitExceeded = "limit_exceeded",
        /// The gate has not heard from its key source for too long.
        KeyTableStale = "key_table_stale",
        /// The decision could not be recorded.
        RecordingUnavailable = "recording_unavailable",
    }
}
