//! Who may call what: the only table of rights (ADR 0013).
//!
//! An operation is registered together with its row, and there is no other way to register one. `owned` means that a
//! customer's principal sees and touches his own customer's things only; for all else he gets the answer of what does not exist.
//! `tests/data/authorization.tsv` spells the table out per role, and tests call each operation as each role.

use sumun_govern::Role;

/// Who may call an operation.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Anyone, without signing in.
    Anyone,
    /// Whoever has one of these roles.
    Roles(&'static [&'static [Role]]),
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or acts.
    Post,
    /// Creates or replaces wholly.
    Put,
    /// Ends.
    Delete,
}

impl Method {
    /// As HTTP spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation and who may call it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its id, as in the OpenAPI document.
    pub id: &'static str,
    /// Method.
    pub method: Method,
    /// Path, parameters in braces.
    pub path: &'static str,
    /// Who.
    pub access: Access,
    /// Whether customers' principals are held to their own customer's things.
    pub owned: bool,
}

/// What one role may expect of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The call is let through.
    Allow,
    /// The call is refused with 403.
    Deny,
    /// The call is let through for the principal's own things.
    OwnOnly,
}

impl Expectation {
    /// The word in the table of the tests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::OwnOnly => "own-only",
        }
    }
}

impl Row {
    /// Whether somebody with these roles may call it. Who may not even sign in for it is not asked here.
    #[must_use]
    pub fn allows(&self, roles: &[Role]) -> bool {
        match self.access {
            Access::Anyone => true,
            Access::Roles(groups) => roles.iter().any(|role| groups.iter().any(|group| group.contains(role))),
        }
    }

    /// Whether the owner's listener serves it: what customers' people may call, and of what anyone may, what they need.
    #[must_use]
    pub fn is_for_owners(&self) -> bool {
        match self.access {
            Access::Anyone => OWNERS_OPEN.contains(&self.id),
            Access::Roles(_) => HOLDERS.iter().any(|role| self.allows(&[*role])),
        }
    }

    /// What a role may expect.
    #[must_use]
    pub fn expectation(&self, role: Role) -> Expectation {
        if !self.allows(&[role]) {
            Expectation::Deny
        } else if self.owned && role.is_customer() {
            Expectation::OwnOnly
        } else {
            Expectation::Allow
        }
    }

    /// The roles allowed, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self.access {
            Access::Anyone => "anyone".to_owned(),
            Access::Roles(groups) => {
                let mut words: Vec<_> =
                    groups.iter().flat_map(|group| group.iter().map(|r| r.as_str())).collect();
                words.sort_unstable();
                words.dedup();
                words.join(", ")
            }
        }
    }
}

/// All of staff.
const STAFF: &[Role] = &[
    Role::Viewer,
    Role::Analyst,
    Role::Approver,
    Role::ComplianceLead,
    Role::SecurityAdmin,
    Role::Auditor,
    Role::Support,
];
/// Staff who may read personal data, each reading recorded.
const PERSONAL: &[Role] =
    &[Role::Analyst, Role::Approver, Role::ComplianceLead, Role::Auditor, Role::Support];
/// Staff who look into suspicions.
const CASE_WORK: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead];
/// Staff who may decide what waits; the approval itself says which of them is needed.
const DECIDE: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];
/// Staff who own parties and policy.
const LEAD: &[Role] = &[Role::ComplianceLead];
/// Staff who step back when enforcement does harm: one of them is enough.
const STEP_BACK: &[Role] = &[Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];
/// Staff who run users, machines and gates.
const SECURITY: &[Role] = &[Role::SecurityAdmin];
/// Staff who check the record.
const CHECK: &[Role] = &[Role::Auditor, Role::SecurityAdmin, Role::ComplianceLead];
/// Customers' people who hold keys.
pub(crate) const HOLDERS: &[Role] = &[Role::Owner, Role::CorporateAdmin, Role::Broker, Role::MarketMaker];
/// What the owner's listener serves without signing in: signing in, where to do so, and checking the record.
const OWNERS_OPEN: &[&str] =
    &["healthz", "owner_session_create", "owner_facts", "ledger_checkpoint", "ledger_consistency"];
/// Who decides for a company about its keys.
const COMPANY: &[Role] = &[Role::CorporateAdmin];
/// The exchange's back end.
const BACKEND: &[Role] = &[Role::ExchangeBackend];
/// Staff who watch over gates.
const WATCH: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];
/// Others who sign in, and have next to nothing to do here.
const OUTSIDE: &[Role] = &[Role::Vendor, Role::Issuer];
/// Gates: they follow the feed, acknowledge it, hand in what they saw, and do nothing else.
const GATES: &[Role] = &[Role::Gate];

macro_rules! rows {
    ($($id:ident = $name:literal $method:ident $path:literal $access:expr $(, $owned:ident)?;)+) => {
        $(
            #[doc = concat!("`", stringify!($method), " ", $path, "`")]
            pub static $id: Row = Row {
                id: $name,
                method: Method::$method,
                path: $path,
                access: $access,
                owned: rows!(@owned $($owned)?),
            };
        )+
        /// Every operation there is.
        pub static ALL: &[&Row] = &[$(&$id),+];
    };
    (@owned owned) => { true };
    (@owned) => { false };
}
use Access::{Anyone, Roles};

rows! {
    // Health and the document itself.
    HEALTHZ = "healthz" Get "/healthz" Anyone;
    READYZ = "readyz" Get "/readyz" Anyone;
    READINESS = "readiness" Get "/v1/readiness" Roles(&[WATCH]);
    OVERVIEW = "overview" Get "/v1/overview" Roles(&[WATCH]);
    LIVE = "live" Get "/v1/live" Roles(&[WATCH]);
    METRICS = "metrics" Get "/metrics" Anyone;
    OPENAPI = "openapi" Get "/v1/openapi.json" Anyone;

    // Signing in.
    SESSION_CREATE = "session_create" Post "/v1/sessions" Anyone;
    OWNER_SESSION_CREATE = "owner_session_create" Post "/v1/owner/sessions" Anyone;
    SESSION_GET = "session_get" Get "/v1/sessions/current" Roles(&[STAFF, BACKEND, HOLDERS, OUTSIDE]);
    SESSION_DELETE = "session_delete" Delete "/v1/sessions/current" Roles(&[STAFF, HOLDERS, OUTSIDE]);
    SESSION_STEP_UP = "session_step_up" Post "/v1/sessions/current/step-up" Roles(&[STAFF]);

    // Staff and machines.
    USER_INVITE = "user_invite" Post "/v1/users" Roles(&[SECURITY]);
    USER_LIST = "user_list" Get "/v1/users" Roles(&[CHECK]);
    USER_GET = "user_get" Get "/v1/users/{user}" Roles(&[STAFF]);
    USER_DISABLE = "user_disable" Post "/v1/users/{user}/disable" Roles(&[SECURITY]);
    USER_ROLES = "user_roles" Post "/v1/users/{user}/roles" Roles(&[SECURITY]);
    ENROLMENT_CREATE = "enrolment_create" Post "/v1/enrolments" Anyone;
    ENROLMENT_CONFIRM = "enrolment_confirm" Post "/v1/enrolments/confirm" Anyone;
    TOKEN_CREATE = "token_create" Post "/v1/tokens" Roles(&[SECURITY]);
    TOKEN_LIST = "token_list" Get "/v1/tokens" Roles(&[&[Role::SecurityAdmin, Role::Auditor]]);
    TOKEN_REVOKE = "token_revoke" Post "/v1/tokens/{token}/revoke" Roles(&[SECURITY]);

    // Who stands behind keys. A customer's people see their own.
    CUSTOMER_PUT = "customer_put" Put "/v1/customers/{customer}" Roles(&[BACKEND, LEAD]);
    CUSTOMER_GET = "customer_get" Get "/v1/customers/{customer}" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    CUSTOMER_LIST = "customer_list" Get "/v1/customers" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    PERSON_PUT = "person_put" Put "/v1/persons/{person}" Roles(&[BACKEND, LEAD]);
    PERSON_GET = "person_get" Get "/v1/persons/{person}" Roles(&[PERSONAL, BACKEND, HOLDERS]), owned;
    PERSON_LIST = "person_list" Get "/v1/persons" Roles(&[PERSONAL, BACKEND, HOLDERS]), owned;
    ACCOUNT_PUT = "account_put" Put "/v1/accounts/{account}" Roles(&[BACKEND, LEAD]);
    ACCOUNT_GET = "account_get" Get "/v1/accounts/{account}" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    ACCOUNT_LIST = "account_list" Get "/v1/accounts" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    OPERATOR_PUT = "operator_put" Put "/v1/operators/{operator}" Roles(&[BACKEND, LEAD]);
    OPERATOR_GET = "operator_get" Get "/v1/operators/{operator}" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    OPERATOR_LIST = "operator_list" Get "/v1/operators" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    VENDOR_PUT = "vendor_put" Put "/v1/vendors/{vendor}" Roles(&[LEAD]);
    VENDOR_GET = "vendor_get" Get "/v1/vendors/{vendor}" Roles(&[STAFF, BACKEND, HOLDERS]);
    VENDOR_LIST = "vendor_list" Get "/v1/vendors" Roles(&[STAFF, BACKEND, HOLDERS]);
    VENDOR_STATE = "vendor_state" Post "/v1/vendors/{vendor}/state" Roles(&[LEAD]);
    DELEGATION_PUT = "delegation_put" Put "/v1/delegations/{delegation}" Roles(&[BACKEND, LEAD]);
    DELEGATION_GET = "delegation_get" Get "/v1/delegations/{delegation}" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    DELEGATION_LIST = "delegation_list" Get "/v1/delegations" Roles(&[STAFF, BACKEND]);
    DELEGATION_END = "delegation_end" Post "/v1/delegations/{delegation}/end" Roles(&[BACKEND, LEAD, HOLDERS]), owned;

    // Keys. What touches a secret or a right is the customer's own; what cuts is staff's.
    KEY_REQUEST = "key_request" Post "/v1/keys" Roles(&[HOLDERS]), owned;
    KEY_LIST = "key_list" Get "/v1/keys" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    KEY_GET = "key_get" Get "/v1/keys/{key}" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    KEY_TIMELINE = "key_timeline" Get "/v1/keys/{key}/timeline" Roles(&[STAFF, HOLDERS]), owned;
    KEY_ACTIVITY = "key_activity" Get "/v1/keys/{key}/activity" Roles(&[STAFF, HOLDERS]), owned;
    KEY_CAPABILITY = "key_capability" Get "/v1/keys/{key}/capability" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    KEY_APPROVE = "key_approve" Post "/v1/keys/{key}/approve" Roles(&[CASE_WORK, COMPANY]), owned;
    KEY_REJECT = "key_reject" Post "/v1/keys/{key}/reject" Roles(&[CASE_WORK, COMPANY]), owned;
    KEY_ISSUE = "key_issue" Post "/v1/keys/{key}/issue" Roles(&[HOLDERS]), owned;
    KEY_ALLOWLIST = "key_allowlist" Post "/v1/keys/{key}/allowlist" Roles(&[HOLDERS]), owned;
    KEY_SCOPES = "key_scopes" Post "/v1/keys/{key}/scopes" Roles(&[HOLDERS]), owned;
    KEY_ROTATE = "key_rotate" Post "/v1/keys/{key}/rotate" Roles(&[HOLDERS]), owned;
    KEY_REVOKE = "key_revoke" Post "/v1/keys/{key}/revoke" Roles(&[HOLDERS]), owned;
    EXPOSURE_REPORT = "exposure_report" Post "/v1/exposures" Roles(&[&[Role::Analyst, Role::SecurityAdmin, Role::Support], BACKEND]);
    KEY_SUSPEND = "key_suspend" Post "/v1/keys/{key}/suspend" Roles(&[&[Role::Analyst, Role::Approver, Role::SecurityAdmin]]);
    KEY_LIFT = "key_lift" Post "/v1/keys/{key}/lift" Roles(&[&[Role::Approver, Role::SecurityAdmin]]);
    KEY_HOLD = "key_hold" Post "/v1/keys/{key}/hold" Roles(&[CASE_WORK]);
    KEY_RELEASE = "key_release" Post "/v1/keys/{key}/release" Roles(&[CASE_WORK]);
    KEY_EXPIRE = "key_expire" Post "/v1/keys/{key}/expire" Roles(&[DECIDE]);

    // What is asked of owners: they answer, staff look on.
    QUESTION_LIST = "question_list" Get "/v1/questions" Roles(&[STAFF, HOLDERS]), owned;
    QUESTION_GET = "question_get" Get "/v1/questions/{question}" Roles(&[STAFF, HOLDERS]), owned;
    QUESTION_ANSWER = "question_answer" Post "/v1/questions/{question}/answer" Roles(&[HOLDERS]), owned;
    ADDRESS_LIST = "address_list" Get "/v1/keys/{key}/addresses" Roles(&[STAFF, BACKEND, HOLDERS]), owned;
    ADDRESS_REGISTER = "address_register" Post "/v1/keys/{key}/addresses" Roles(&[HOLDERS]), owned;
    ADDRESS_REMOVE = "address_remove" Post "/v1/keys/{key}/addresses/remove" Roles(&[HOLDERS]), owned;
    VERIFICATION_LIST = "verification_list" Get "/v1/verifications" Roles(&[STAFF, HOLDERS]), owned;
    VERIFICATION_GET = "verification_get" Get "/v1/verifications/{verification}" Roles(&[STAFF, HOLDERS]), owned;
    VERIFICATION_TEST = "verification_test" Post "/v1/verifications/{verification}/tests" Roles(&[HOLDERS]), owned;
    VERIFICATION_STEP = "verification_step" Post "/v1/verifications/{verification}/steps" Roles(&[HOLDERS]), owned;
    VERIFICATION_ROTATE = "verification_rotate" Post "/v1/verifications/{verification}/rotate" Roles(&[HOLDERS]), owned;
    IDENTITY_CALLBACK = "identity_callback" Post "/v1/identity-callbacks" Anyone;
    NOTICE_LIST = "notice_list" Get "/v1/notices" Roles(&[STAFF, HOLDERS]), owned;
    NOTICE_GET = "notice_get" Get "/v1/notices/{notice}" Roles(&[STAFF, HOLDERS]), owned;
    NOTICE_CONFIRM = "notice_confirm" Post "/v1/notices/{notice}/confirm" Roles(&[BACKEND]);
    NOTICE_ACKNOWLEDGE = "notice_acknowledge" Post "/v1/notices/{notice}/acknowledge" Roles(&[HOLDERS]), owned;
    OBJECTION_LIST = "objection_list" Get "/v1/objections" Roles(&[STAFF, HOLDERS]), owned;
    OBJECTION_GET = "objection_get" Get "/v1/objections/{objection}" Roles(&[STAFF, HOLDERS]), owned;
    OBJECTION_MAKE = "objection_make" Post "/v1/objections" Roles(&[HOLDERS]), owned;
    OWNER_EXPORT = "owner_export" Get "/v1/owner/export" Roles(&[HOLDERS]), owned;

    // The second pair of eyes.
    APPROVAL_LIST = "approval_list" Get "/v1/approvals" Roles(&[STAFF, HOLDERS]), owned;
    APPROVAL_GET = "approval_get" Get "/v1/approvals/{approval}" Roles(&[STAFF, HOLDERS]), owned;
    APPROVAL_DECIDE = "approval_decide" Post "/v1/approvals/{approval}/decide" Roles(&[DECIDE, COMPANY]), owned;
    APPROVAL_WITHDRAW = "approval_withdraw" Post "/v1/approvals/{approval}/withdraw" Roles(&[DECIDE, HOLDERS]), owned;

    // Suspicions: cases, measures, tasks, where a key stands. For those inside; nothing of it shows outside.
    CASE_LIST = "case_list" Get "/v1/cases" Roles(&[WATCH]);
    CASE_QUEUE = "case_queue" Get "/v1/case-queue" Roles(&[WATCH]);
    CASE_GET = "case_get" Get "/v1/cases/{case}" Roles(&[WATCH]);
    CASE_PLAN = "case_plan" Get "/v1/cases/{case}/plan" Roles(&[WATCH]);
    CASE_ASSIGN = "case_assign" Post "/v1/cases/{case}/assign" Roles(&[CASE_WORK]);
    CASE_COMMENT = "case_comment" Post "/v1/cases/{case}/comments" Roles(&[CASE_WORK]);
    CASE_STEP = "case_step" Post "/v1/cases/{case}/steps/{step}/done" Roles(&[CASE_WORK]);
    CASE_ASK_WAIVER = "case_ask_waiver" Post "/v1/cases/{case}/steps/{step}/ask-waiver" Roles(&[CASE_WORK]);
    CASE_WAIVE = "case_waive" Post "/v1/cases/{case}/steps/{step}/waive" Roles(&[&[Role::Approver, Role::ComplianceLead]]);
    CASE_DECIDE = "case_decide" Post "/v1/cases/{case}/decide" Roles(&[CASE_WORK]);
    CASE_CLOSE = "case_close" Post "/v1/cases/{case}/close" Roles(&[CASE_WORK]);
    MEASURE_LIST = "measure_list" Get "/v1/measures" Roles(&[WATCH]);
    MEASURE_GET = "measure_get" Get "/v1/measures/{measure}" Roles(&[WATCH]);
    KEY_STANDING = "key_standing" Get "/v1/keys/{key}/standing" Roles(&[WATCH]);
    SIGNAL_LIST = "signal_list" Get "/v1/signals" Roles(&[WATCH]);
    TASK_LIST = "task_list" Get "/v1/tasks" Roles(&[WATCH]);
    TASK_GET = "task_get" Get "/v1/tasks/{task}" Roles(&[WATCH]);
    TASK_FINISH = "task_finish" Post "/v1/tasks/{task}/finish" Roles(&[CASE_WORK]);

    // What decides, and who put it in force.
    POLICY_LIST = "policy_list" Get "/v1/policies" Roles(&[WATCH]);
    POLICY_GET = "policy_get" Get "/v1/policies/{policy}" Roles(&[WATCH]);
    POLICY_DRY_RUN = "policy_dry_run" Post "/v1/policies/dry-run" Roles(&[WATCH]);
    POLICY_PROPOSE = "policy_propose" Post "/v1/policies" Roles(&[LEAD]);
    POLICY_ACTIVATE = "policy_activate" Post "/v1/policies/{policy}/activate" Roles(&[LEAD]);
    POLICY_RETIRE = "policy_retire" Post "/v1/policies/{policy}/retire" Roles(&[LEAD]);

    // How far gates enforce.
    RAMP_GET = "ramp_get" Get "/v1/ramp" Roles(&[WATCH]);
    RAMP_PUT = "ramp_put" Put "/v1/ramp" Roles(&[LEAD, SECURITY]);
    RAMP_STEP_BACK = "ramp_step_back" Post "/v1/ramp/step-back" Roles(&[STEP_BACK]);
    RAMP_REPORT = "ramp_report" Get "/v1/ramp/report" Roles(&[WATCH]);

    // Who uses keys that are there already: campaigns ask, owners register.
    CAMPAIGN_LIST = "campaign_list" Get "/v1/campaigns" Roles(&[WATCH]);
    CAMPAIGN_PROPOSE = "campaign_propose" Post "/v1/campaigns" Roles(&[LEAD]);
    CAMPAIGN_GET = "campaign_get" Get "/v1/campaigns/{campaign}" Roles(&[WATCH]);
    CAMPAIGN_COVERAGE = "campaign_coverage" Get "/v1/campaigns/{campaign}/coverage" Roles(&[WATCH]);
    CAMPAIGN_BEHIND = "campaign_behind" Get "/v1/campaigns/{campaign}/behind" Roles(&[WATCH]);
    CAMPAIGN_LENGTHEN = "campaign_lengthen" Post "/v1/campaigns/{campaign}/lengthen" Roles(&[LEAD]);
    CAMPAIGN_RESUME = "campaign_resume" Post "/v1/campaigns/{campaign}/resume" Roles(&[LEAD]);
    CAMPAIGN_PAUSE = "campaign_pause" Post "/v1/campaigns/{campaign}/pause" Roles(&[STEP_BACK]);
    CAMPAIGN_STOP = "campaign_stop" Post "/v1/campaigns/{campaign}/stop" Roles(&[STEP_BACK]);
    REGISTRATION_LIST = "registration_list" Get "/v1/owner/registrations" Roles(&[HOLDERS]), owned;
    REGISTRATION_CHOICES = "registration_choices" Get "/v1/owner/registrations/choices" Roles(&[HOLDERS]), owned;
    KEY_REGISTER = "key_register" Post "/v1/keys/{key}/registration" Roles(&[HOLDERS]), owned;
    REGISTRATION_HAND_IN = "registration_hand_in" Post "/v1/registrations" Roles(&[BACKEND]);

    // The venue's own facts.
    VENUE_GET = "venue_get" Get "/v1/venue" Roles(&[STAFF, BACKEND, HOLDERS]);
    VENUE_PUT = "venue_put" Put "/v1/venue" Roles(&[LEAD]);
    OWNER_FACTS = "owner_facts" Get "/v1/owner/facts" Anyone;

    // The record.
    LEDGER_CHECKPOINT = "ledger_checkpoint" Get "/v1/ledger/checkpoint" Anyone;
    LEDGER_ENTRIES = "ledger_entries" Get "/v1/ledger/entries" Roles(&[CHECK]);
    LEDGER_ENTRY = "ledger_entry" Get "/v1/ledger/entries/{index}" Roles(&[CHECK]);
    LEDGER_PROOF = "ledger_proof" Get "/v1/ledger/entries/{index}/proof" Roles(&[STAFF, HOLDERS]), owned;
    LEDGER_CONSISTENCY = "ledger_consistency" Get "/v1/ledger/consistency" Anyone;

    // Gates follow, and say when they have obeyed.
    FEED = "feed" Get "/v1/feed" Roles(&[GATES]);
    GATE_INVITE = "gate_invite" Post "/v1/gates" Roles(&[SECURITY]);
    GATE_LIST = "gate_list" Get "/v1/gates" Roles(&[WATCH]);
    GATE_GET = "gate_get" Get "/v1/gates/{gate}" Roles(&[WATCH]);
    GATE_REVOKE = "gate_revoke" Post "/v1/gates/{gate}/revoke" Roles(&[SECURITY]);
    GATE_ENROL = "gate_enrol" Post "/v1/gates/enrol" Anyone;
    GATE_RECEIPTS = "gate_receipts" Get "/v1/gates/{gate}/receipts" Roles(&[WATCH]);
    RECEIPT_LIST = "receipt_list" Get "/v1/receipts" Roles(&[WATCH]);
    CANARY_LIST = "canary_list" Get "/v1/canaries" Roles(&[WATCH]);
    CANARY_START = "canary_start" Post "/v1/canaries" Roles(&[SECURITY]);
    FEED_ACKNOWLEDGE = "feed_acknowledge" Post "/v1/feed/acknowledgements" Roles(&[GATES]);
    BYPASSES_TELL = "bypasses_tell" Post "/v1/feed/bypasses" Roles(&[GATES]);

    // Events come in.
    EVENTS_TAKE = "events_take" Post "/v1/events" Roles(&[GATES, BACKEND]);
    IMPORT = "import" Post "/v1/imports" Roles(&[SECURITY, BACKEND]);
    MIRROR_SNAPSHOT = "mirror_snapshot" Put "/v1/mirrors/{source}/snapshot" Roles(&[SECURITY, BACKEND]);
    MIRROR_CHANGES = "mirror_changes" Post "/v1/mirrors/{source}/changes" Roles(&[SECURITY, BACKEND]);
    MIRROR_LIST = "mirror_list" Get "/v1/mirrors" Roles(&[WATCH, BACKEND]);
    DRIFT_LIST = "drift_list" Get "/v1/drift" Roles(&[WATCH, BACKEND]);
    DRIFT_LOOK = "drift_look" Post "/v1/drift/look" Roles(&[CASE_WORK, SECURITY, BACKEND]);
    ACTUATION_LIST = "actuation_list" Get "/v1/actuations" Roles(&[WATCH, BACKEND]);
    ACTUATION_RETRY = "actuation_retry" Post "/v1/actuations/{key}/retry" Roles(&[CASE_WORK, SECURITY]);
    EVENTS_SOURCES = "events_sources" Get "/v1/events/sources" Roles(&[WATCH]);
}
