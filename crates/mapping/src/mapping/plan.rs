//! What a mapping makes lines of, checked: every field against its line type, every expression against its field.

use super::{FieldPlan, LinePlan, RequestPlan, When};
use crate::expr::Expr;
use crate::fields::{self, Kind};
use crate::file::{self, LineTable};
use crate::problem::Problems;
use crate::record::Slots;
use toml::Spanned;

fn expr(problems: &mut Problems<'_>, table: Spanned<file::ExprTable>, slots: &mut Slots) -> Option<Expr> {
    Expr::of(table.span().start, table.into_inner(), slots)
        .map_err(|(at, what)| problems.wrong(at, what))
        .ok()
}

/// Where the request stands.
pub(super) fn request_plan(
    problems: &mut Problems<'_>,
    table: Spanned<file::RequestTable>,
    slots: &mut Slots,
) -> Option<RequestPlan> {
    let at = table.span().start;
    let table = table.into_inner();
    let parts = (table.line.is_some(), table.method.is_some(), table.target.is_some());
    if !matches!(parts, (true, false, false) | (false, true, true)) {
        problems.wrong(at, "a request is found by `line` alone, or by `method` and `target`");
        return None;
    }
    let mut part =
        |table: Option<Spanned<file::ExprTable>>| table.and_then(|table| expr(problems, table, slots));
    Some(RequestPlan {
        line: part(table.line),
        method: part(table.method),
        target: part(table.target),
        upgrade: part(table.upgrade),
        strip: table.strip,
    })
}

/// What one kind of line is made of.
pub(super) fn line_plan(
    problems: &mut Problems<'_>,
    table: Spanned<LineTable>,
    slots: &mut Slots,
    has_request: bool,
) -> Option<LinePlan> {
    let table = table.into_inner();
    let of = match fields::of_type(table.word.get_ref()) {
        Ok(of) => of,
        Err(what) => {
            problems.wrong(table.word.span().start, what);
            return None;
        }
    };
    for required in of.required {
        if !table.fields.keys().any(|name| name.get_ref() == required) {
            let what = format!("a line of type `{}` needs the field `{required}`", of.word);
            problems.wrong(table.word.span().start, what);
        }
    }
    let mut plan = Vec::new();
    for (name, written) in table.fields {
        let (at, name) = (name.span().start, name.into_inner());
        let kind = match of.kind(&name) {
            Ok(kind) => kind,
            Err(what) => {
                problems.wrong(at, what);
                continue;
            }
        };
        let Some(expr) = expr(problems, written, slots) else { continue };
        if let Some(what) = expr.chain().find_map(|expr| unfit(kind, expr, &name, has_request)) {
            problems.wrong(at, what);
        }
        plan.push(FieldPlan { full: format!("{}.{name}", of.word), counted: 0, name, kind, expr });
    }
    for need in &table.needs {
        if !plan.iter().any(|field| field.name == *need.get_ref()) {
            let what = format!("`needs` names `{}`, which this line does not fill", need.get_ref());
            problems.wrong(need.span().start, what);
        }
    }
    let mut when = Vec::new();
    for condition in table.when {
        let (at, condition) = (condition.span().start, condition.into_inner());
        if condition.is.is_none() && condition.starts.is_none() {
            problems.wrong(at, "a condition says `is` or `starts`, each a list of texts");
        }
        let slot = slots.slot(&condition.field);
        let file::WhenTable { field, is, starts, not } = condition;
        when.push(When { field, slot, is, starts, not });
    }
    let needs = table.needs.into_iter().map(Spanned::into_inner).collect();
    Some(LinePlan { of, when, needs, fields: plan })
}

/// What about an expression cannot fit its field.
fn unfit(kind: Kind, expr: &Expr, name: &str, has_request: bool) -> Option<String> {
    if expr.asks_request() && !has_request {
        return Some(format!("`{name}` asks for the request; add a `[request]` that says where it stands"));
    }
    match kind {
        Kind::Time if expr.time.is_none() => Some(format!(
            "`{name}` is a time; say how it is written, such as `time = \"rfc3339\"` or `time = \"ms\"`"
        )),
        Kind::Time | Kind::Date => None,
        _ if expr.time.is_some() && !name.starts_with("ext.") => {
            Some(format!("`{name}` is no time; take `time` away"))
        }
        _ if expr.times.is_some() && kind != Kind::Integer => {
            Some(format!("`{name}` is no whole number; take `times` away"))
        }
        _ => None,
    }
}
