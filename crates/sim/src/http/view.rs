//! How figures are written: decimals as strings in private answers, as JSON numbers in public ones, as Upbit does.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

/// `"0.001"`: no trailing zeros, never an exponent.
pub(crate) fn text(amount: Decimal) -> Value {
    Value::String(amount.normalize().to_string())
}

/// As [`text`], or null.
pub(crate) fn text_or_null(amount: Option<Decimal>) -> Value {
    amount.map_or(Value::Null, text)
}

/// A JSON number. Upbit's public figures are numbers; a double's 15 digits are enough for a mock's market data.
pub(crate) fn number(amount: Decimal) -> Value {
    amount.to_f64().and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number)
}
