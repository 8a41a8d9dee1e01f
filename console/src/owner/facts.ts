// What holds at this exchange for a customer's keys: names, terms, limits, who must agree. Read of the venue's facts; what a field is
// missing for is left out by the pages.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../api/client";

type Texts = { ko: string; en: string };
type Needed = { role: string; count: number };
export type SegmentRules = {
  allowlist_required: boolean;
  address_proof_required?: boolean;
  key_life_days_max: number;
  rotation_overlap_hours_max: number;
  keys_per_account_max: number;
  approvals: { read: Needed[]; trade: Needed[]; transfer: Needed[] };
};
export type Facts = {
  name: Texts;
  terms: { version: string; effective: string } & Texts;
  segments: Record<string, SegmentRules>;
  purposes: Record<string, { scopes_max: string[] }>;
  second_factor: { methods: string[]; age_minutes_max: number };
  owner: { address_proof_s: number; question_s: number };
  control_test?: ControlTest;
};
/** How long the steps of a control test take, in seconds. */
type ControlTest = {
  slots: number;
  slot_s: number;
  lead_s: number;
  code_s: number;
  rotate_s: number;
  first_use_slots: number;
  first_use_slot_s: number;
  settle_s: number;
};

/** What a control test takes at the longest: its three steps, each opened at once, and what comes in late; null where it is not known. */
export function testTakesMs(facts: Facts | undefined): number | null {
  const t = facts?.control_test;
  if (t === undefined) return null;
  const stopAndStart = t.lead_s + t.slots * t.slot_s;
  const rotateAndWatch = t.rotate_s + t.lead_s + t.first_use_slots * t.first_use_slot_s;
  // Told in whole minutes.
  return Math.ceil((stopAndStart + t.code_s + rotateAndWatch + 3 * t.settle_s) / 60) * 60_000;
}

export function useFacts() {
  return useQuery({
    queryKey: ["venue"],
    queryFn: async () => (await good(api.GET("/v1/venue"))).facts as Facts,
    staleTime: 10 * 60_000,
  });
}

/** What everybody is told, signed in or not: the exchange's name, its line for everybody, where to sign in and be verified. */
export function useOpenFacts() {
  return useQuery({
    queryKey: ["facts"],
    queryFn: () => good(api.GET("/v1/owner/facts")),
    staleTime: 60_000,
  });
}

/** An address of the exchange's as a link; one that is no web address is none. */
function web(address: string | null | undefined): string | null {
  return address && /^https?:\/\//i.test(address) ? address : null;
}

/** Where the exchange signs its customers in; null where the page was not told. */
export function useSignInUrl(): string | null {
  return web(useOpenFacts().data?.sign_in_url);
}

/** Where the exchange verifies a customer's identity anew; null where the page was not told. */
export function useIdentityUrl(): string | null {
  return web(useOpenFacts().data?.identity_url);
}
