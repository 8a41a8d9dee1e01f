//! The request of a record, as the mapping says where it stands.

use crate::expr::{Around, Expr, Value, quoted};
use crate::mapping::Mapping;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, request_line};
use std::borrow::Cow;

/// The request, if the mapping asks for one.
pub(super) fn request<'r>(mapping: &'r Mapping, around: &Around<'_>) -> Result<Option<Request<'r>>, Refusal> {
    let Some(plan) = &mapping.request else { return Ok(None) };
    let part = |expr: &Option<Expr>| -> Result<Option<String>, Refusal> {
        for expr in expr.iter().flat_map(Expr::chain) {
            match expr.value(around) {
                Ok(Value::Text(text)) => return Ok(Some(text)),
                Ok(_) => {}
                Err(bad) => return Err(Refusal::new(bad.code, "request", bad.detail)),
            }
        }
        Ok(None)
    };
    let bad = |found: &str| Refusal::new(Code::BadRequest, "request", quoted(found));
    let (method, target) = match part(&plan.line)? {
        Some(line) => {
            let (method, target) = request_line(&line).ok_or_else(|| bad(&line))?;
            (method.to_owned(), target.to_owned())
        }
        None => match (part(&plan.method)?, part(&plan.target)?) {
            (Some(method), Some(target)) => (method, target),
            _ => return Err(bad("")),
        },
    };
    let upgrade = part(&plan.upgrade)?.is_some_and(|word| word.eq_ignore_ascii_case("websocket"));
    let table = mapping.paths.as_ref();
    Ok(Some(Request::of(Cow::Owned(method), &target, upgrade, plan.strip.as_deref(), table)))
}
