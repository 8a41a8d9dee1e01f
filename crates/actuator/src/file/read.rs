//! What was written, checked: every mistake is noted with its place, and reading goes on.

use super::{
    Action, ActionName, Actions, Actuator, Body, Webhook, Written, WrittenAction, WrittenExpect,
    WrittenRetry, WrittenWebhook,
};
use crate::answer::Expect;
use crate::problem::{Problem, position};
use crate::retry::Retry;
use crate::template::{Piece, Template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Longest name of a destination.
const NAME_CHARS_MAX: usize = 32;
/// Longest time one call may take, milliseconds.
const TIMEOUT_MS_MAX: u64 = 60_000;
/// Headers that are not the file's to set.
const OWN_HEADERS: &[&str] =
    &["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// Reads it.
pub(super) fn actuator(text: &str, written: Written) -> Result<Actuator, Vec<Problem>> {
    let mut reader = Reader { text, problems: Vec::new(), named: BTreeSet::new() };
    let read = reader.actuator(written);
    if reader.problems.is_empty() {
        return Ok(read);
    }
    reader.problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(reader.problems)
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    /// Secrets that some header names.
    named: BTreeSet<String>,
}

impl Reader<'_> {
    fn problem(&mut self, at: usize, place: &str, what: impl Into<String>, remedy: impl Into<String>) {
        let (line, column) = position(self.text, at);
        let (place, what, remedy) = (place.to_owned(), what.into(), remedy.into());
        self.problems.push(Problem { line, column, place, what, remedy });
    }

    fn actuator(&mut self, written: Written) -> Actuator {
        if *written.format.get_ref() != 1 {
            let what = format!("format {} is not known", written.format.get_ref());
            self.problem(written.format.span().start, "format", what, "write `format = 1`");
        }
        let mut names = BTreeSet::new();
        self.name(&written.destination, "destination", &mut names);
        let timeout = &written.timeout_ms;
        if *timeout.get_ref() == 0 || *timeout.get_ref() > TIMEOUT_MS_MAX {
            let remedy = format!("write 1 to {TIMEOUT_MS_MAX}");
            self.problem(timeout.span().start, "timeout_ms", "a call would take no time, or hang", remedy);
        }
        let headers = self.headers("headers", &written.headers);
        let retry = self.retry(&written.retry);
        let Actions { restore, hold, suspend, expire } = written.actions;
        let given = [
            (ActionName::Restore, restore),
            (ActionName::Hold, hold),
            (ActionName::Suspend, suspend),
            (ActionName::Expire, expire),
        ];
        let any = given.iter().any(|(_, action)| action.is_some());
        let (mut actions, mut same_as) = (BTreeMap::new(), BTreeMap::new());
        let own: BTreeSet<ActionName> = given
            .iter()
            .filter(|(_, action)| action.as_ref().is_some_and(|action| action.get_ref().same_as.is_none()))
            .map(|(name, _)| *name)
            .collect();
        for (name, action) in given {
            let place = format!("actions.{}", name.as_str());
            let Some(action) = action else {
                if any {
                    let what = format!("there is no action `{}`", name.as_str());
                    let remedy = match name {
                        ActionName::Hold => "add `[actions.hold]`; an exchange that cannot let only reading and cancelling through writes \
                                             `same_as = \"suspend\"`"
                            .to_owned(),
                        _ => format!("add `[{place}]`: every measure needs all four"),
                    };
                    self.problem(0, &place, what, remedy);
                }
                continue;
            };
            let span = action.span();
            let action = action.into_inner();
            match &action.same_as {
                Some(other) => {
                    let other_name = *other.get_ref();
                    let at = other.span().start;
                    if !own.contains(&other_name) {
                        let what = format!("`{}` is no action with a call of its own", other_name.as_str());
                        self.problem(at, &place, what, "name one that has `method` and `url`");
                    } else if name == ActionName::Expire
                        || !name.target().cuts()
                        || !other_name.target().cuts()
                    {
                        self.problem(
                            at,
                            &place,
                            "only a hold and a suspension may be the same as another action",
                            "give it a call of its own",
                        );
                    }
                    if action.url.is_some() || action.method.is_some() || action.success.is_some() {
                        self.problem(
                            at,
                            &place,
                            "it is the same as another, and has a call of its own",
                            "keep one of the two",
                        );
                    }
                    same_as.insert(name, other_name);
                }
                None => {
                    if let Some(action) = self.action(&place, span.start, action) {
                        actions.insert(name, action);
                    }
                }
            }
        }
        let webhooks = self.webhooks(written.webhook, &mut names);
        if !any && webhooks.is_empty() && self.problems.is_empty() {
            self.problem(0, "", "nobody would be told anything", "add `[actions.…]` or `[[webhook]]`");
        }
        let mut secrets = BTreeMap::new();
        for (name, source) in written.secrets {
            if !self.named.contains(&name) {
                let what = format!("no header names the secret `{name}`");
                self.problem(
                    source.span().start,
                    &format!("secrets.{name}"),
                    what,
                    "take it out, or write `{secret.NAME}` in a header",
                );
            }
            secrets.insert(name, source.into_inner());
        }
        let missing: Vec<String> =
            self.named.iter().filter(|name| !secrets.contains_key(*name)).cloned().collect();
        for name in missing {
            let what = format!("a header names the secret `{name}`, which is not there");
            self.problem(0, "secrets", what, format!("add `{name} = {{ file = \"…\" }}` to `[secrets]`"));
        }
        Actuator {
            destination: written.destination.into_inner(),
            timeout_ms: written.timeout_ms.into_inner(),
            ca_file: written.ca_file,
            secrets,
            headers,
            retry,
            log: written.log,
            actions,
            same_as,
            webhooks,
        }
    }

    fn name(&mut self, name: &Spanned<String>, place: &str, names: &mut BTreeSet<String>) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let text = name.get_ref();
        if text.is_empty() || text.len() > NAME_CHARS_MAX || !text.chars().all(plain) {
            let remedy = format!("at most {NAME_CHARS_MAX} small letters, digits and `-`");
            self.problem(name.span().start, place, format!("`{text}` is no name"), remedy);
        }
        if !names.insert(text.clone()) {
            self.problem(name.span().start, place, format!("`{text}` is the name of two"), "rename one");
        }
    }

    fn retry(&mut self, written: &WrittenRetry) -> Retry {
        let usual = Retry::default();
        let value =
            |given: &Option<Spanned<u64>>, usual| given.as_ref().map_or(usual, |given| *given.get_ref());
        let retry = Retry {
            first_ms: value(&written.first_ms, usual.first_ms),
            max_ms: value(&written.max_ms, usual.max_ms),
            attempts: written.attempts.as_ref().map_or(usual.attempts, |given| *given.get_ref()),
            again_s: value(&written.again_s, usual.again_s),
        };
        let at = |given: &Option<Spanned<u64>>| given.as_ref().map_or(0, |given| given.span().start);
        if !(10..=60_000).contains(&retry.first_ms) {
            self.problem(
                at(&written.first_ms),
                "retry.first_ms",
                "too soon or too late",
                "write 10 to 60000",
            );
        }
        if retry.max_ms < retry.first_ms || retry.max_ms > 3_600_000 {
            self.problem(
                at(&written.max_ms),
                "retry.max_ms",
                "shorter than the first wait, or longer than an hour",
                "write `first_ms` to 3600000",
            );
        }
        if !(1..=100).contains(&retry.attempts) {
            let start = written.attempts.as_ref().map_or(0, |given| given.span().start);
            self.problem(
                start,
                "retry.attempts",
                "nobody would ever be told, or at once and always",
                "write 1 to 100",
            );
        }
        if retry.again_s > 86_400 {
            self.problem(at(&written.again_s), "retry.again_s", "longer than a day", "write 0 to 86400");
        }
        retry
    }

    fn template(&mut self, value: &Spanned<String>, place: &str) -> Option<Template> {
        match Template::parse(value.get_ref()) {
            Ok(template) => Some(template),
            Err(error) => {
                let what = format!("character {}: {}", error.at, error.what);
                self.problem(value.span().start, place, what, error.remedy);
                None
            }
        }
    }

    fn headers(
        &mut self,
        place: &str,
        written: &BTreeMap<String, Spanned<String>>,
    ) -> Vec<(String, Template)> {
        let mut headers: Vec<(String, Template)> = Vec::new();
        for (name, value) in written {
            let place = format!("{place}.{name}");
            let at = value.span().start;
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            let lower = name.to_ascii_lowercase();
            if name.is_empty() || !name.chars().all(token) {
                self.problem(
                    at,
                    &place,
                    format!("`{name}` is no name of a header"),
                    "use letters, digits and `-`",
                );
            }
            if OWN_HEADERS.contains(&lower.as_str()) {
                self.problem(at, &place, "this header is set by the connection itself", "take it out");
            }
            if headers.iter().any(|(known, _)| *known == lower) {
                self.problem(at, &place, "this header stands twice", "keep one");
            }
            if let Some(bad) = value.get_ref().chars().find(|c| *c != ' ' && !c.is_ascii_graphic()) {
                let what = format!("`{}` can stand in no header", bad.escape_default());
                self.problem(at, &place, what, "use printable ASCII");
            }
            if let Some(template) = self.template(value, &place) {
                self.named.extend(template.secrets().map(str::to_owned));
                headers.push((lower, template));
            }
        }
        headers
    }

    fn action(&mut self, place: &str, at: usize, written: WrittenAction) -> Option<Action> {
        let (Some(method), Some(url), Some(success)) = (written.method, &written.url, written.success) else {
            let remedy = "it needs `method`, `url` and `success`, or `same_as`";
            self.problem(at, place, "this is no whole call", remedy);
            return None;
        };
        let url = self.url(url, &format!("{place}.url"));
        let headers = self.headers(&format!("{place}.headers"), &written.headers);
        let body = written.body.map(|body| {
            let start = body.span().start;
            let table = body.into_inner().into_iter().map(|(name, value)| {
                let value = self.body(&value, start, &format!("{place}.body.{name}"));
                (name, value)
            });
            Body::Object(table.collect())
        });
        let success = self.expect(success, &format!("{place}.success"));
        let already = written.already.into_iter().map(|one| self.expect(one, &format!("{place}.already")));
        let already: Vec<Expect> = already.collect();
        if !self.tells_apart(&url, &body, &headers) {
            self.problem(
                at,
                place,
                "nothing in this call says which key",
                "put `{key}` into its address or body",
            );
        }
        Some(Action { method, url: url?, headers, body, success, already })
    }

    /// Whether the key's id stands anywhere in the call.
    fn tells_apart(
        &self,
        url: &Option<Template>,
        body: &Option<Body>,
        headers: &[(String, Template)],
    ) -> bool {
        let has = |template: &Template| template.pieces().contains(&Piece::Fact(crate::Fact::Key));
        fn in_body(body: &Body, has: &dyn Fn(&Template) -> bool) -> bool {
            match body {
                Body::Constant(_) => false,
                Body::Text(template) => has(template),
                Body::List(items) => items.iter().any(|item| in_body(item, has)),
                Body::Object(members) => members.values().any(|member| in_body(member, has)),
            }
        }
        // An address that could not be read was told of already.
        url.as_ref().is_none_or(has)
            || body.as_ref().is_some_and(|body| in_body(body, &has))
            || headers.iter().any(|(_, template)| has(template))
    }

    fn url(&mut self, written: &Spanned<String>, place: &str) -> Option<Template> {
        let at = written.span().start;
        let template = self.template(written, place)?;
        if template.secrets().next().is_some() {
            self.problem(
                at,
                place,
                "a secret would stand in an address, which logs keep",
                "put it into a header",
            );
            return None;
        }
        let first = match template.pieces().first() {
            Some(Piece::Text(text)) => text.as_str(),
            _ => "",
        };
        if let Err((what, remedy)) = host(first) {
            self.problem(at, place, what, remedy);
            return None;
        }
        let bad = |c: char| c == '#' || c == '\\' || !c.is_ascii_graphic();
        let found = template.pieces().iter().find_map(|piece| match piece {
            Piece::Text(text) => text.chars().find(|c| bad(*c)),
            Piece::Fact(_) | Piece::Secret(_) => None,
        });
        if let Some(bad) = found {
            let what = format!("`{}` can stand in no address", bad.escape_default());
            self.problem(at, place, what, "escape it as `%XX`");
        }
        Some(template)
    }

    fn body(&mut self, value: &toml::Value, at: usize, place: &str) -> Body {
        match value {
            toml::Value::String(text) => {
                let spanned = Spanned::new(at..at, text.clone());
                let Some(template) = self.template(&spanned, place) else {
                    return Body::Constant(Value::Null);
                };
                if template.secrets().next().is_some() {
                    self.problem(
                        at,
                        place,
                        "a secret would stand in a body, which is kept with its answer",
                        "put it into a header",
                    );
                }
                match template.pieces() {
                    [] => Body::Constant(Value::String(String::new())),
                    [Piece::Text(text)] => Body::Constant(Value::String(text.clone())),
                    _ => Body::Text(template),
                }
            }
            toml::Value::Integer(number) => Body::Constant((*number).into()),
            toml::Value::Boolean(flag) => Body::Constant((*flag).into()),
            toml::Value::Float(number) => Body::Constant((*number).into()),
            toml::Value::Datetime(_) => {
                self.problem(at, place, "JSON has no instants", "write it as a text");
                Body::Constant(Value::Null)
            }
            toml::Value::Array(items) => {
                let read =
                    items.iter().enumerate().map(|(n, item)| self.body(item, at, &format!("{place}.{n}")));
                Body::List(read.collect())
            }
            toml::Value::Table(table) => Body::Object(
                table
                    .iter()
                    .map(|(name, item)| (name.clone(), self.body(item, at, &format!("{place}.{name}"))))
                    .collect(),
            ),
        }
    }

    fn expect(&mut self, written: Spanned<WrittenExpect>, place: &str) -> Expect {
        let at = written.span().start;
        let WrittenExpect { status, pointer, equals } = written.into_inner();
        if status.is_empty() || status.iter().any(|status| !(200..=599).contains(status)) {
            self.problem(at, place, "it names no status that an answer can have", "write `status = [200]`");
        }
        if let Some(pointer) = &pointer
            && !pointer.get_ref().is_empty()
            && !pointer.get_ref().starts_with('/')
        {
            let what = format!("`{}` is no JSON pointer", pointer.get_ref());
            self.problem(pointer.span().start, place, what, "begin it with `/`, such as `/key/state`");
        }
        if let (None, Some(equals)) = (&pointer, &equals) {
            self.problem(equals.span().start, place, "a value is asked for nowhere", "add `pointer`");
        }
        let equals = equals.map(|equals| {
            let start = equals.span().start;
            match equals.into_inner() {
                toml::Value::String(text) => Value::String(text),
                toml::Value::Integer(number) => number.into(),
                toml::Value::Boolean(flag) => flag.into(),
                _ => {
                    self.problem(
                        start,
                        place,
                        "only a text, a whole number, true or false can be asked for",
                        "write one of them",
                    );
                    Value::Null
                }
            }
        });
        Expect { statuses: status, pointer: pointer.map(Spanned::into_inner), equals }
    }

    fn webhooks(&mut self, written: Vec<WrittenWebhook>, names: &mut BTreeSet<String>) -> Vec<Webhook> {
        let read = written.into_iter().map(|one| {
            self.name(&one.name, "webhook.name", names);
            let url = one.url.get_ref();
            if let Err((what, remedy)) = host(url) {
                self.problem(one.url.span().start, "webhook.url", what, remedy);
            } else if url.chars().any(|c| !c.is_ascii_graphic() || "#\\{}".contains(c)) {
                self.problem(
                    one.url.span().start,
                    "webhook.url",
                    "it holds what can stand in no address",
                    "escape it; a webhook's address has no placeholders",
                );
            }
            Webhook { name: one.name.into_inner(), url: one.url.into_inner(), secret: one.secret }
        });
        read.collect()
    }
}

/// Scheme, host and the first slash stand before every placeholder, so that no key leads elsewhere.
fn host(begin: &str) -> Result<(), (&'static str, &'static str)> {
    const REMEDY: &str = "write `https://host/…`, or `http://host/…` on a trusted network";
    let rest = begin.strip_prefix("https://").or_else(|| begin.strip_prefix("http://"));
    let Some(rest) = rest else { return Err(("this is no whole address", REMEDY)) };
    let Some((host, _)) = rest.split_once('/') else {
        return Err(("its host does not end before the first placeholder", REMEDY));
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
    if host.contains('@') {
        return Err(("it holds a name or a password", "put a secret into a header"));
    }
    if host.is_empty() || !host.chars().all(plain) {
        return Err(("its host cannot be read", REMEDY));
    }
    Ok(())
}
