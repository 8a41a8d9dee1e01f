//! Honest stories. Each file says what one looks like on the wire, and what it could be mistaken for.

pub(super) mod cloud;
pub(super) mod copied_code;
pub(super) mod corporate_desk;
pub(super) mod dual_stack;
pub(super) mod failover;
pub(super) mod framed_address;
pub(super) mod framed_copy;
pub(super) mod framed_flood;
pub(super) mod framed_probe;
pub(super) mod framed_trade;
pub(super) mod home;
pub(super) mod home_drift;
pub(super) mod household_nat;
pub(super) mod market_maker;
pub(super) mod migration;
pub(super) mod mobile;
pub(super) mod office_nat;
pub(super) mod outage;
pub(super) mod popular_cloud;
pub(super) mod travel;
pub(super) mod upgrade;
pub(super) mod vendor;
