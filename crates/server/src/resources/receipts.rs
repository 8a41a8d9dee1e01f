//! Which gates obeyed a key's changes, and when.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::view::{page, view};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A gate's word that it obeyed a change of a key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct KeyReceiptView {
    /// Change and gate, for paging: `after` of what stands behind it. Newer changes stand first.
    #[schema(example = "41:gate-1")]
    pub cursor: String,
    /// The gate's receipt, as in its list.
    pub receipt: String,
    /// Which gate.
    #[schema(example = "gate-1")]
    pub gate: String,
    /// Of which run.
    pub boot: String,
    /// Index of the ledger entry that changed the key.
    pub entry: u64,
    /// What happened.
    #[schema(example = "key.held")]
    pub class: String,
    /// By which cause it ended the key, if it did, whatever the entry is called: `natural`, `owner`, `rotated`, `forced` or `leaked`.
    #[serde(default)]
    pub ended: Option<String>,
    /// The feed's version that told of it.
    pub feed_version: u64,
    /// When it was sequenced.
    #[schema(format = DateTime)]
    pub changed: String,
    /// When the gate's word came, by the control plane's clock: it obeyed before.
    #[schema(format = DateTime)]
    pub received: String,
    /// From the record of the change (`changed`) to the gate's word (`received`), milliseconds. From suspicion or decision to effect: the
    /// measure says.
    pub took_ms: u64,
    /// The gate's acknowledgement, verbatim: anybody can verify it with the gate's key.
    pub acknowledgement: String,
}

const OF_KEY: Parameter =
    Parameter { name: "key", kind: Kind::Id, required: true, about: "Whose changes: a key's id." };

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::RECEIPT_LIST, "gates", "Which gates obeyed a key's changes · 키별 이행 확인서")
            .about(
                "The newest change first; of each, one receipt a gate: the first that covers it. A gate that is missing has not said so yet, \
                 or was enrolled later.",
            )
            .query(&[OF_KEY])
            .lists::<KeyReceiptView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = asked.page();
            let key = asked.query("key").unwrap_or_default();
            let govern = &asked.server.govern;
            let found = govern.key_receipts(asked.actor()?, key, wanted.after.as_deref(), wanted.limit).await?;
            let views = found.iter().map(view::<KeyReceiptView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.cursor.clone()))
        },
    );
}
