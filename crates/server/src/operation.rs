//! One operation as its handler describes it: everything the document says beyond the row of rights.

use crate::access::Row;
use crate::parameter::{DRY_RUN, PAGE, Parameter};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Largest body of a request in bytes, unless an operation says otherwise. The largest one in use, a key with a hundred
/// addresses, has 6 KiB.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// Schemas by name, as the document's components.
pub(crate) type Schemas = BTreeMap<String, Value>;

/// A body that is taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) content_type: &'static str,
    pub(crate) schema: Value,
    pub(crate) bytes_max: usize,
    /// It may come packed, as `crate::encoding` reads it.
    pub(crate) packed: bool,
}

/// An answer that is given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) schema: Value,
    pub(crate) about: &'static str,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) row: &'static Row,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) about: &'static str,
    pub(crate) query: Vec<Parameter>,
    pub(crate) takes: Option<Taken>,
    pub(crate) gives: Vec<Given>,
    /// Takes `Idempotency-Key`, `If-Match` and `dry_run`.
    pub(crate) write: bool,
    /// Answers with an `ETag`.
    pub(crate) versioned: bool,
    /// Has no time limit: a stream.
    pub(crate) endless: bool,
    /// Its body is handed on as it comes.
    pub(crate) streams: bool,
    pub(crate) schemas: Schemas,
}

/// Describes an operation: its row, tag and one line in English and Korean.
pub(crate) fn operation(row: &'static Row, tag: &'static str, summary: &'static str) -> Operation {
    Operation {
        row,
        tag,
        summary,
        about: "",
        query: Vec::new(),
        takes: None,
        gives: Vec::new(),
        write: false,
        versioned: false,
        endless: false,
        streams: false,
        schemas: Schemas::new(),
    }
}

impl Operation {
    /// More than the one line.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Takes parameters in its query.
    pub(crate) fn query(mut self, parameters: &[Parameter]) -> Self {
        self.query.extend_from_slice(parameters);
        self
    }

    /// Takes a JSON body.
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = reference::<T>(&mut self.schemas);
        self.takes = Some(Taken {
            content_type: "application/json",
            schema,
            bytes_max: BODY_BYTES_MAX,
            packed: false,
        });
        self
    }

    /// Takes a larger body than others do.
    pub(crate) fn bytes_max(mut self, bytes_max: usize) -> Self {
        if let Some(taken) = &mut self.takes {
            taken.bytes_max = bytes_max;
        }
        self
    }

    /// Takes its body packed, too: the handler unpacks it.
    pub(crate) fn packed(mut self) -> Self {
        if let Some(taken) = &mut self.takes {
            taken.packed = true;
        }
        self
    }

    /// Takes a body of another type.
    pub(crate) fn takes_other(mut self, content_type: &'static str, schema: Value, bytes_max: usize) -> Self {
        self.takes = Some(Taken { content_type, schema, bytes_max, packed: false });
        self
    }

    /// Answers with JSON.
    pub(crate) fn gives<T: ToSchema>(mut self, status: StatusCode, about: &'static str) -> Self {
        let schema = reference::<T>(&mut self.schemas);
        self.gives.push(Given { status, content_type: Some("application/json"), schema, about });
        self
    }

    /// Answers with a page of these.
    pub(crate) fn lists<T: ToSchema>(mut self) -> Self {
        let item = reference::<T>(&mut self.schemas);
        let schema = json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": item, "maxItems": crate::parameter::PAGE_MAX },
                "next": { "type": ["string", "null"], "description": "`after` of the next page; null at the end." },
            },
        });
        self.query.extend(PAGE);
        let about = "One page, ordered by id.";
        self.gives.push(Given {
            status: StatusCode::OK,
            content_type: Some("application/json"),
            schema,
            about,
        });
        self
    }

    /// A governed write that answers with this, its plan and its place in the ledger.
    pub(crate) fn writes<T: ToSchema>(mut self, status: StatusCode, about: &'static str) -> Self {
        let result = reference::<T>(&mut self.schemas);
        let plan = reference::<crate::written::PlanView>(&mut self.schemas);
        let entry = reference::<crate::written::EntryView>(&mut self.schemas);
        let schema = json!({
            "type": "object",
            "required": ["result", "plan", "ledger", "repeated"],
            "properties": {
                "result": result,
                "plan": { "anyOf": [plan, { "type": "null" }] },
                "ledger": { "anyOf": [entry, { "type": "null" }] },
                "repeated": { "type": "boolean", "description": "The same request was answered before; this is that answer, without what is shown once." },
            },
        });
        self.write = true;
        self.query.push(DRY_RUN);
        if status != StatusCode::OK {
            let (schema, about) = (schema.clone(), "The plan of a dry run: nothing was written.");
            self.gives.push(Given {
                status: StatusCode::OK,
                content_type: Some("application/json"),
                schema,
                about,
            });
        }
        self.gives.push(Given { status, content_type: Some("application/json"), schema, about });
        self
    }

    /// Answers with a body of another type.
    pub(crate) fn gives_other(mut self, content_type: &'static str, about: &'static str) -> Self {
        let schema = json!({ "type": "string" });
        self.gives.push(Given { status: StatusCode::OK, content_type: Some(content_type), schema, about });
        self
    }

    /// Answers 204.
    pub(crate) fn gives_nothing(mut self, about: &'static str) -> Self {
        self.gives.push(Given {
            status: StatusCode::NO_CONTENT,
            content_type: None,
            schema: Value::Null,
            about,
        });
        self
    }

    /// Answers with an `ETag`.
    pub(crate) fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// Takes a body of any length, which the handler reads as it comes, and has no time limit.
    pub(crate) fn streams(mut self) -> Self {
        (self.streams, self.endless) = (true, true);
        self
    }

    /// Has no time limit.
    pub(crate) fn endless(mut self) -> Self {
        self.endless = true;
        self
    }
}

/// A reference to a type's schema, which joins the components with all it refers to.
pub(crate) fn reference<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let mut all = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut all);
    for (name, schema) in all {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
}
