// Every refusal that the server can send to a person has words in both programs. The codes are part of the API and stand in the server's
// source only (`Refusal::new`, `Problem::new`): whoever adds one there adds it here. Left out is what only machines are told (gates, feeds,
// event sources, identity callbacks), and what no page asks for, such as faults in the writing of JSON.
import { expect, test } from "vitest";
import { refusalWords } from "../owner/refusals";
import { detailEn, isSaidKo, problemKo, remedyEn, sentence } from "./problems";

/** To staff and to owners. */
const BOTH = `
  approvals_open bad_field body_incomplete body_too_large conflict connections_too_many cookie_twice forbidden foreign_origin
  idempotency_key_reused key_ended key_rejected key_state measure_in_force not_found not_signed_in owner_only reason_missing
  reason_too_long reason_unprintable requester_only role_missing second_factor_needed secret_in_request store_in_doubt
  store_unavailable timed_out too_busy too_many_attempts under_way version_stale
`;

/** To staff. */
const STAFF = `
  action_unknown activity_unreadable already_decided answer_unreadable answer_unwritable approval_closed approval_lapsed
  approval_open approvals_outdated assignee_unknown bad_parameter canary_account canary_open canary_state case_closed code_wrong
  credential_not_kept cursor_unknown cut_open decisions_missing due_bad ending_waits fault gate_state gate_unknown identity_settled if_match_bad
  inconsistent invite_invalid last_admin live_streams_full live_streams_too_many looked_at_impossible member_twice member_unknown no_hold
  no_measure no_such_reference not_enrolled nothing_reported nothing_to_approve notice_settled own_account own_case own_measure own_request
  own_waiver password_weak plan_lint playbook_open policy_bad policy_known policy_missing policy_or_text policy_state
  policy_unsound proof_unmakeable campaign_bad campaign_overlaps campaign_shortened campaign_state ramp_bad ramp_state reviewer_missing rights_changed role_not_entitled row_unreadable segment_by_lead sign_in_failed
  step_settled step_unknown subject_changed task_closed token_state totp_wrong user_exists user_state vendor_incomplete vendor_state venue_facts venue_identity voice_void
`;

/** To owners. */
const OWNERS = `
  account_not_active address_not_public address_unknown allowlist_missing allowlist_too_long application_missing ceremony_over control_proved
  delegation_not_in_force draws_unreadable expires_missing expires_past expires_too_late keys_too_many no_change no_rotation_asked no_test
  nothing_in_effect nothing_left nothing_to_object_to objections_spent operator_missing operator_not_approved operator_unknown
  overlap_too_long prefix_host_bits prefix_too_wide purpose_caps_scopes purpose_missing purpose_not_offered question_closed registration_closed replaces_unknown
  rotation_running scopes_empty session_missing step_running suspension_open terms_not_current test_running tests_spent
  vendor_caps_scopes vendor_missing vendor_not_approved vendor_unknown verification_over widen_one_step widening_waits
  withdraw_third_party
`;

const listed = (...lists: string[]) => lists.flatMap((list) => list.trim().split(/\s+/));

test("what staff are refused is said in Korean", () => {
  expect(listed(BOTH, STAFF).filter((code) => !isSaidKo(code))).toEqual([]);
});

test("what owners are refused is said in both languages", () => {
  const codes = listed(BOTH, OWNERS);
  expect(codes.filter((code) => !(code in refusalWords.ko))).toEqual([]);
  expect(codes.filter((code) => !(code in refusalWords.en))).toEqual([]);
});

test("no words stand for what the server never says", () => {
  const codes = listed(BOTH, OWNERS);
  expect(Object.keys(refusalWords.ko).filter((code) => !codes.includes(code))).toEqual([]);
});

test("too little, too much and what does not print are told apart", () => {
  const told = ["reason_missing", "reason_too_long", "reason_unprintable"].map((code) => problemKo(code)[0]);
  expect(new Set(told).size).toBe(3);
  expect(told[0]).not.toContain("깁니다");
});

test("what has no words is told in general", () => {
  expect(problemKo("newer_code")).toEqual(problemKo("constructor"));
});

test("in English the server's words become sentences, and no person is told of headers", () => {
  expect(sentence("the key has ended")).toBe("The key has ended.");
  expect(sentence("demo@3 is in force")).toBe("demo@3 is in force.");
  expect(remedyEn("timed_out", "repeat with the same `Idempotency-Key`")).not.toContain("Idempotency");
  expect(remedyEn("key_ended", "ask for a new one")).toBe("Ask for a new one.");
  expect(detailEn("`/plan/name`: it is longer than 200 characters")).toBe("It is longer than 200 characters.");
  expect(detailEn("`/ramp/rules/1/percent`: 0 is none")).toBe("Number 2: 0 is none.");
  const engineers = [
    "a write needs an `Idempotency-Key`",
    "see /v1/openapi.json",
    "/readyz says what is missing",
    "`/x` is not a field of it",
  ];
  for (const text of engineers) {
    for (const shown of [detailEn(text), remedyEn("newer_code", text)]) expect(shown).not.toMatch(/[`/]|Idempotency/);
  }
});
