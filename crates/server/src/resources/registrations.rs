//! What owners register: who uses a key. By themselves, or handed in by the exchange with their consent (R195, ADR 0027).

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Id, Instant, Line};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::campaigns::register::{Consent, Registration};
use sumun_govern::campaigns::{self, Who};
use sumun_govern::{Call, Refusal, RefusalKind};
use utoipa::ToSchema;

/// Who uses a key.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhoWord {
    /// Its owner himself; `id` is left out.
    Myself,
    /// An employee or a desk of his roster, by `id`.
    Operator,
    /// A tool of an approved vendor, by `id`.
    Vendor,
    /// Somebody by a delegation that is on record, by `id`.
    Delegation,
}

/// A registration.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "terms": "2", "who": "operator", "id": "desk-2", "lent_before": false }))]
pub(crate) struct RegistrationBody {
    /// Version of the terms that were read and accepted.
    pub terms: Line,
    /// Who uses the key from now on.
    pub who: WhoWord,
    /// Which one.
    #[serde(default)]
    pub id: Option<Id>,
    /// That somebody else used it before. Never held against anybody, and shown to nobody but the owner.
    #[serde(default)]
    pub lent_before: bool,
}

/// What the exchange's customer declared there.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandedInBody {
    /// Which key.
    pub key: Id,
    /// Version of the terms that were read and accepted.
    pub terms: Line,
    /// Who uses the key from now on.
    pub who: WhoWord,
    /// Which one.
    #[serde(default)]
    pub id: Option<Id>,
    /// That somebody else used it before.
    #[serde(default)]
    pub lent_before: bool,
    /// When the customer consented.
    pub consented: Instant,
    /// Where the exchange keeps that.
    pub reference: Line,
}

/// Registrations.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "registrations": [{ "key": "K1", "terms": "2", "who": "myself", "consented": "2027-01-12T03:04:05Z",
    "reference": "consent-2027-000123" }] }))]
pub(crate) struct HandInBody {
    /// At most two hundred.
    #[schema(min_items = 1, max_items = 200)]
    pub registrations: Vec<HandedInBody>,
}

/// One that was not taken.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NotRegisteredView {
    /// Which one, from 0.
    pub index: u64,
    /// Its key.
    pub key: String,
    /// Stable word for programs.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What became of them.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct HandedInView {
    /// Registered now.
    pub registered: u64,
    /// Registered so already.
    pub same: u64,
    /// Those that were not taken.
    #[schema(max_items = 200)]
    pub refused: Vec<NotRegisteredView>,
}

/// What an owner declared.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeclaredView {
    /// Who uses it.
    pub who: WhoWord,
    /// Which one.
    pub id: Option<String>,
    /// That somebody else used it before.
    pub lent_before: bool,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

/// One of an owner's keys in a campaign.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RegistrationView {
    /// Its id, for paging.
    pub member: String,
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// The program it is for.
    pub application: String,
    /// `not_told`, `told`, `window`, `enrolled`, `read_only`, `ended`, `unreachable` or `gone`.
    pub state: String,
    /// Version of the terms to accept.
    pub terms: String,
    /// Registration is open from then on.
    #[schema(format = DateTime)]
    pub opens: String,
    /// Not before then it reads and cancels only.
    #[schema(format = DateTime)]
    pub read_only: String,
    /// Not before then it ends.
    #[schema(format = DateTime)]
    pub ends: String,
    /// What was declared.
    pub declared: Option<DeclaredView>,
    /// Whether it can be registered now.
    pub open: bool,
}

/// An employee or desk.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OperatorChoice {
    /// Which.
    pub id: String,
    /// `employee` or `desk`.
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
}

/// An approved vendor.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct VendorChoice {
    /// Which.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A delegation in force.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DelegationChoice {
    /// Which.
    pub id: String,
    /// To whom.
    pub operator: String,
    /// Over which account's keys.
    pub account: String,
    /// Over this key only.
    pub key: Option<String>,
}

/// Whom an owner can name.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ChoicesView {
    /// Employees and desks of his roster.
    pub operators: Vec<OperatorChoice>,
    /// Approved vendors.
    pub vendors: Vec<VendorChoice>,
    /// Delegations in force.
    pub delegations: Vec<DelegationChoice>,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::REGISTRATION_LIST, "campaigns", "What is asked of my keys · 등록할 키 목록")
            .about("The keys that campaigns ask about, with their dates and what was declared.")
            .lists::<RegistrationView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = asked.page();
            let govern = &asked.server.govern;
            let found = govern.registrations(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = found.into_iter().map(shown).collect::<Vec<_>>();
            Answer::ok(&page(views, asked.limit(), |last| last.member.clone()))
        },
    );
    api.add(
        operation(&access::REGISTRATION_CHOICES, "campaigns", "Whom I can name · 등록할 수 있는 사용자")
            .gives::<ChoicesView>(StatusCode::OK, "Who is on record; oneself can always be named."),
        async |asked: Asked| {
            let found = asked.server.govern.registration_choices(asked.actor()?).await?;
            let operator = |(id, kind, name)| OperatorChoice { id, kind, name };
            let delegation = |(id, operator, account, key)| DelegationChoice { id, operator, account, key };
            Answer::ok(&ChoicesView {
                operators: found.operators.into_iter().map(operator).collect(),
                vendors: found.vendors.into_iter().map(|(id, name)| VendorChoice { id, name }).collect(),
                delegations: found.delegations.into_iter().map(delegation).collect(),
            })
        },
    );
    api.add(
        operation(&access::KEY_REGISTER, "campaigns", "Register who uses a key · 키 사용자 등록")
            .about(
                "Takes a second factor. A key that came to a halt works again with the next version of the feed. What is declared is never \
                 evidence: it raises no points and opens no case.",
            )
            .takes::<RegistrationBody>()
            .writes::<RegistrationView>(StatusCode::OK, "It is on record."),
        async |asked: Asked| {
            let body: RegistrationBody = asked.body()?;
            let who = who(body.who, body.id.as_ref())?;
            let terms = body.terms.as_str().to_owned();
            let registration = Registration { terms, who, lent_before: body.lent_before };
            let govern = &asked.server.govern;
            let done = govern.register_key(asked.actor()?, asked.path("key")?, &registration, &asked.call).await?;
            written(StatusCode::OK, done, |answer| Ok::<_, Problem>(shown(answer)))
        },
    );
    api.add(
        operation(&access::REGISTRATION_HAND_IN, "campaigns", "Hand in registrations · 등록 일괄 반영")
            .about(
                "What customers declared at the exchange, each with where their consent is kept. Each is an entry of its own; those refused are \
                 told and the others taken, and what stands so already is written nowhere, so that the same may be sent again.",
            )
            .takes::<HandInBody>()
            .gives::<HandedInView>(StatusCode::OK, "All that was not refused is durable."),
        hand_in,
    );
}

async fn hand_in(asked: Asked) -> Result<Answer, Problem> {
    let body: HandInBody = asked.body()?;
    let most = campaigns::register::REGISTRATIONS_MAX;
    if body.registrations.is_empty() || body.registrations.len() > most {
        let refusal = Refusal::new(
            RefusalKind::Invalid,
            "registrations_count",
            format!("{} registrations, one to {most} are taken at once", body.registrations.len()),
            "send them in parts",
        );
        return Err(refusal.at("/registrations").into());
    }
    let actor = asked.actor()?;
    let mut seen = HandedInView { registered: 0, same: 0, refused: Vec::new() };
    for (index, one) in (0..).zip(&body.registrations) {
        let done = match who(one.who, one.id.as_ref()) {
            Ok(who) => {
                let terms = one.terms.as_str().to_owned();
                let registration = Registration { terms, who, lent_before: one.lent_before };
                let consent =
                    Consent { at: view(&one.consented)?, reference: one.reference.as_str().to_owned() };
                let govern = &asked.server.govern;
                let call = Call::default();
                govern.register_for_customer(actor, one.key.as_str(), (&registration, &consent), &call).await
            }
            Err(refusal) => Err(refusal),
        };
        match done {
            Ok(_) => seen.registered += 1,
            Err(refusal) if refusal.code == campaigns::register::SAME => seen.same += 1,
            // What is nobody's fault here is asked for again as a whole: what was taken is the same then.
            Err(refusal) if refusal.kind == RefusalKind::Unavailable => return Err(refusal.into()),
            Err(Refusal { code, message, remedy, .. }) => seen.refused.push(NotRegisteredView {
                index,
                key: one.key.as_str().to_owned(),
                code: code.to_owned(),
                message,
                remedy,
            }),
        }
    }
    Answer::ok(&seen)
}

fn who(word: WhoWord, id: Option<&Id>) -> Result<Who, Refusal> {
    let named = |make: fn(String) -> Who| id.map(|id| make(id.as_str().to_owned()));
    let who = match (word, id) {
        (WhoWord::Myself, None) => Some(Who::Myself),
        (WhoWord::Myself, Some(_)) => None,
        (WhoWord::Operator, _) => named(Who::Operator),
        (WhoWord::Vendor, _) => named(Who::Vendor),
        (WhoWord::Delegation, _) => named(Who::Delegation),
    };
    who.ok_or_else(|| {
        Refusal::new(
            RefusalKind::Invalid,
            "who_unclear",
            "`myself` has no `id`, and everybody else needs one",
            "name who uses the key; the choices are at `/v1/owner/registrations/choices`",
        )
        .at("/id")
    })
}

fn shown(one: campaigns::RegistrationView) -> RegistrationView {
    let declared = one.declared.map(|declared| {
        let (who, id) = match declared.who {
            Who::Myself => (WhoWord::Myself, None),
            Who::Operator(id) => (WhoWord::Operator, Some(id)),
            Who::Vendor(id) => (WhoWord::Vendor, Some(id)),
            Who::Delegation(id) => (WhoWord::Delegation, Some(id)),
        };
        let at = sumun_model::Timestamp::from_micros(declared.at_us).to_string();
        DeclaredView { who, id, lent_before: declared.lent_before, at }
    });
    RegistrationView {
        member: one.member,
        key: one.key,
        account: one.account,
        application: one.application,
        state: one.state.as_str().to_owned(),
        terms: one.terms,
        opens: one.opens.to_string(),
        read_only: one.read_only.to_string(),
        ends: one.ends.to_string(),
        declared,
        open: one.open,
    }
}
