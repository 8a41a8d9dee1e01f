//! Upbit's own names for permissions, as its key screen and its SDK write them, and the scopes behind them.

use sumun_model::Scope;

/// Screen name, SDK name, scopes. `manage_pockets` has no screen name known to us beyond 포켓관리.
const PERMISSIONS: &[(&str, &str, &[Scope])] = &[
    ("자산조회", "view_account", &[Scope::ReadBalances]),
    ("주문조회", "view_orders", &[Scope::ReadOrders]),
    ("주문하기", "make_orders", &[Scope::Trade, Scope::Cancel]),
    ("출금조회", "view_withdrawals", &[Scope::ReadWithdrawals]),
    ("출금하기", "withdraw", &[Scope::Withdraw]),
    ("입금조회", "view_deposits", &[Scope::ReadDeposits]),
    ("입금하기", "deposit", &[Scope::Deposit]),
    ("자산이동", "transfer", &[Scope::Transfer]),
    ("포켓관리", "manage_pockets", &[Scope::SubAccounts]),
];

/// The scopes behind a permission's name.
pub(crate) fn permission(name: &str) -> Option<&'static [Scope]> {
    PERMISSIONS.iter().find(|(screen, sdk, _)| *screen == name || *sdk == name).map(|(_, _, scopes)| *scopes)
}
