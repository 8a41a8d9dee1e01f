//! Tables of keys, accounts, sign-ins, networks and vendors as CSV, by the ready mappings' columns.

use super::names::Names;
use std::io::{self, Write};
use sumun_model::wire::{AccountLine, KeyLine, NetworkLine, SessionLine, VendorLine};
use sumun_model::{KeyState, Prefix, ScopeSet, Timestamp};

/// In whose words a table is, and in which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// English words, UTF-8.
    English,
    /// States as a Korean screen has them, in CP949, as spreadsheets there save them.
    Cp949,
}

/// A row of the table of keys.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// As the population calls it.
    pub id: String,
    /// Its account, as the population calls it.
    pub account: String,
    /// Its state.
    pub state: Option<KeyState>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Addresses registered.
    pub allowlist: Vec<Prefix>,
    /// Whose tool it is for.
    pub vendor: Option<String>,
    /// Made at, to the second.
    pub created: Option<Timestamp>,
    /// Valid until, to the second.
    pub expires: Option<Timestamp>,
}

/// A table says no fractions of seconds.
pub(super) fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().div_euclid(1_000_000) * 1_000_000)
}

impl KeyRow {
    /// Of what the wire says of it.
    #[must_use]
    pub fn of(line: &KeyLine) -> Self {
        Self {
            id: line.key.to_string(),
            account: line.account.as_ref().map(ToString::to_string).unwrap_or_default(),
            state: line.state,
            scopes: line.scopes.unwrap_or(ScopeSet::EMPTY),
            allowlist: line.allowlist.iter().flatten().map(|entry| entry.prefix()).collect(),
            vendor: line.vendor.as_ref().map(ToString::to_string),
            created: line.created.map(second),
            expires: line.expires.map(second),
        }
    }
}

/// Seoul's clock.
fn kst(at: Timestamp) -> String {
    at.plus_micros(9 * 3_600_000_000).to_string().replace('T', " ").chars().take(19).collect()
}

fn word<T: serde::Serialize>(value: Option<&T>) -> String {
    let value = value.and_then(|value| serde_json::to_value(value).ok());
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn joined<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(";")
}

fn state(state: Option<KeyState>, tongue: Tongue) -> Vec<u8> {
    match (tongue, state) {
        // 사용중, 만료, 정지.
        (Tongue::Cp949, Some(KeyState::Active)) => b"\xbb\xe7\xbf\xeb\xc1\xdf".to_vec(),
        (Tongue::Cp949, Some(KeyState::Expired)) => b"\xb8\xb8\xb7\xe1".to_vec(),
        (Tongue::Cp949, Some(KeyState::Suspended)) => b"\xc1\xa4\xc1\xf6".to_vec(),
        _ => word(state.as_ref()).into_bytes(),
    }
}

/// The table of keys.
///
/// # Errors
/// It cannot be written.
pub fn keys<'r>(
    out: &mut dyn Write,
    rows: impl Iterator<Item = &'r KeyRow>,
    names: &Names,
    tongue: Tongue,
) -> io::Result<()> {
    out.write_all(b"key_id,account_id,state,scopes,allowlist,vendor,created_at,expires_at\n")?;
    for row in rows {
        write!(out, "{},{},", names.of(&row.id), names.of(&row.account))?;
        out.write_all(&state(row.state, tongue))?;
        writeln!(
            out,
            ",{},{},{},{},{}",
            joined(row.scopes.iter().map(|scope| scope.as_str())),
            joined(row.allowlist.iter()),
            row.vendor.as_deref().unwrap_or_default(),
            row.created.map(kst).unwrap_or_default(),
            row.expires.map(kst).unwrap_or_default(),
        )?;
    }
    Ok(())
}

/// The table of accounts.
///
/// # Errors
/// It cannot be written.
pub fn accounts<'r>(
    out: &mut dyn Write,
    lines: impl Iterator<Item = &'r AccountLine>,
    names: &Names,
) -> io::Result<()> {
    out.write_all(
        b"account_id,customer_id,person_id,parent_account_id,segment,country,opened_on,fee_tier\n",
    )?;
    for line in lines {
        account(out, line, names)?;
    }
    Ok(())
}

/// One row of it.
pub(super) fn account(out: &mut dyn Write, line: &AccountLine, names: &Names) -> io::Result<()> {
    let customer = line.customer.as_ref().map(|customer| names.of(customer.as_str())).unwrap_or_default();
    writeln!(out, "{},{customer},,,{},KR,,", names.of(line.account.as_str()), word(line.segment.as_ref()))
}

/// The log of sign-ins.
///
/// # Errors
/// It cannot be written.
pub fn sessions<'r>(
    out: &mut dyn Write,
    lines: impl Iterator<Item = &'r SessionLine>,
    names: &Names,
) -> io::Result<()> {
    sessions_head(out)?;
    for line in lines {
        session(out, line, names)?;
    }
    Ok(())
}

pub(super) fn sessions_head(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"session_id,at,account_id,key_id,action,channel,ip,device_id,remote_control\n")
}

pub(super) fn session(out: &mut dyn Write, line: &SessionLine, names: &Names) -> io::Result<()> {
    let action = word(line.action.as_ref());
    writeln!(
        out,
        "{},{},{},,{},{},{},{},",
        line.id,
        kst(line.ts),
        names.of(line.account.as_str()),
        // Control tests are Sumun's own; no exchange has them yet.
        if action.starts_with("control") { "" } else { &action },
        word(line.channel.as_ref()),
        line.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        line.device.as_deref().unwrap_or_default()
    )
}

/// The exchange's own data on networks.
///
/// # Errors
/// It cannot be written.
pub fn networks<'r>(out: &mut dyn Write, lines: impl Iterator<Item = &'r NetworkLine>) -> io::Result<()> {
    out.write_all(b"prefix,asn,org,country,class\n")?;
    for line in lines {
        writeln!(
            out,
            "{},{},{},{},{}",
            line.prefix,
            line.asn.map(|asn| asn.to_string()).unwrap_or_default(),
            line.org.as_deref().unwrap_or_default(),
            line.country.as_deref().unwrap_or_default(),
            word(line.class.as_ref())
        )?;
    }
    Ok(())
}

/// The register of third-party tools.
///
/// # Errors
/// It cannot be written.
pub fn vendors<'r>(out: &mut dyn Write, lines: impl Iterator<Item = &'r VendorLine>) -> io::Result<()> {
    out.write_all(b"vendor_id,state,class,networks\n")?;
    for line in lines {
        let networks = joined(line.networks.iter().flatten());
        writeln!(out, "{},{},tool,{networks}", line.vendor, word(line.state.as_ref()))?;
    }
    Ok(())
}
