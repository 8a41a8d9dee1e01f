//! Prices and quantities: exact decimals, strings on the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An exact decimal of at most 28 digits. No floating point, no exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(rust_decimal::Decimal);

/// Digits a decimal may have in all (WIRE 1).
pub const DIGITS_MAX: usize = 28;

/// Text that is not a decimal of the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a decimal such as \"0.0100\" of at most {DIGITS_MAX} digits")]
pub struct DecimalError {
    found: String,
}

impl Decimal {
    /// The number, for arithmetic.
    #[must_use]
    pub const fn value(self) -> rust_decimal::Decimal {
        self.0
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(s: &str) -> Result<Self, DecimalError> {
        let malformed = || DecimalError { found: s.chars().take(64).collect() };
        let digits = s.strip_prefix('-').unwrap_or(s);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let count = digits.bytes().filter(u8::is_ascii_digit).count();
        if !all_digits(whole) || !all_digits(fraction) || count > DIGITS_MAX {
            return Err(malformed());
        }
        rust_decimal::Decimal::from_str_exact(s).map(Self).map_err(|_| malformed())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::parsed(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_and_bounded() {
        for good in ["0", "0.0100", "95000000", "-1.5", "1234567890123456789012345678"] {
            assert_eq!(good.parse::<Decimal>().unwrap().to_string(), good);
        }
        for bad in
            ["", ".", "1.", ".5", "1e5", "+1", "1 ", "NaN", "--1", "12345678901234567890123456789", "1_000"]
        {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }
}
