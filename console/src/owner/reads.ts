// What the owner's page reads. Nothing is pushed to customers: what runs is asked for every 3 s, the rest every 15 s and when
// he comes back to the tab, nothing in a tab that nobody sees. Lists are read whole: one customer's are short.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../api/client";

export type KeyView = Schemas["KeyView"];
export type QuestionView = Schemas["QuestionView"];
export type NoticeView = Schemas["NoticeView"];
export type VerificationView = Schemas["VerificationView"];
export type ObjectionView = Schemas["ObjectionView"];
export type AddressView = Schemas["AddressView"];
export type SaidView = Schemas["SaidView"];

const RUNS_MS = 3_000;
const RESTS_MS = 15_000;
/** In another tab he may have done what this one still asks of him: whoever comes back sees how it stands, and not how it stood. */
const SEEN = { refetchOnWindowFocus: "always" } as const;
const RESTS = { ...SEEN, refetchInterval: RESTS_MS };
/** Pages of one list that are read: 2,000 things. */
const PAGES_MAX = 20;

async function whole<T>(page: (after: { after?: string }) => Promise<{ items: T[]; next?: string | null }>): Promise<T[]> {
  const all: T[] = [];
  let after: { after?: string } = {};
  for (let read = 0; read < PAGES_MAX; read += 1) {
    const { items, next } = await page(after);
    all.push(...items);
    if (!next) break;
    after = { after: next };
  }
  return all;
}

const newest = (at: string, than: string) => than.localeCompare(at);

export function useKeys() {
  return useQuery({
    queryKey: ["keys", "mine"],
    queryFn: async (): Promise<KeyView[]> => {
      const all = await whole((query) => good(api.GET("/v1/keys", { params: { query } })));
      return all.sort((one, other) => newest(one.created, other.created));
    },
    ...RESTS,
  });
}

/** `runs`: something is awaited of it. */
export function useKey(key: string, runs = false) {
  return useQuery({
    queryKey: ["keys", key],
    queryFn: (): Promise<KeyView> => good(api.GET("/v1/keys/{key}", { params: { path: { key } } })),
    ...SEEN,
    refetchInterval: ({ state }) => (runs || state.data?.state === "requested" ? RUNS_MS : RESTS_MS),
  });
}

export function useQuestions() {
  return useQuery({
    queryKey: ["questions", "mine"],
    queryFn: async () => {
      const all = await whole((query) => good(api.GET("/v1/questions", { params: { query } })));
      return all.sort((one, other) => newest(one.asked, other.asked));
    },
    ...RESTS,
  });
}

export function useQuestion(question: string) {
  return useQuery({
    queryKey: ["questions", question],
    queryFn: () => good(api.GET("/v1/questions/{question}", { params: { path: { question } } })),
    ...RESTS,
  });
}

export function useNotices() {
  return useQuery({
    queryKey: ["notices", "mine"],
    queryFn: async () => {
      const all = await whole((query) => good(api.GET("/v1/notices", { params: { query } })));
      return all.sort((one, other) => newest(one.created, other.created));
    },
    ...RESTS,
  });
}

export function useNotice(notice: string) {
  return useQuery({
    queryKey: ["notices", notice],
    queryFn: () => good(api.GET("/v1/notices/{notice}", { params: { path: { notice } } })),
    ...RESTS,
  });
}

export function useObjections() {
  return useQuery({
    queryKey: ["objections", "mine"],
    queryFn: async () => {
      const all = await whole((query) => good(api.GET("/v1/objections", { params: { query } })));
      return all.sort((one, other) => newest(one.at, other.at));
    },
    ...RESTS,
  });
}

export function useVerifications() {
  return useQuery({
    queryKey: ["verifications", "mine"],
    queryFn: async () => {
      const all = await whole((query) => good(api.GET("/v1/verifications", { params: { query } })));
      return all.sort((one, other) => newest(one.opened, other.opened));
    },
    ...RESTS,
  });
}

export function useVerification(verification: string) {
  return useQuery({
    queryKey: ["verifications", verification],
    queryFn: () => good(api.GET("/v1/verifications/{verification}", { params: { path: { verification } } })),
    ...SEEN,
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === "open" ? RUNS_MS : RESTS_MS),
  });
}

export function useAddresses(key: string) {
  return useQuery({
    queryKey: ["addresses", key],
    queryFn: async () => (await good(api.GET("/v1/keys/{key}/addresses", { params: { path: { key } } }))).items,
    ...SEEN,
    refetchInterval: ({ state }) => (state.data?.some((address) => !address.in_effect && address.until) ? RUNS_MS : RESTS_MS),
  });
}

export function useTimeline(key: string) {
  return useQuery({
    queryKey: ["keys", key, "timeline"],
    queryFn: () =>
      whole(({ after }) =>
        good(api.GET("/v1/keys/{key}/timeline", { params: { path: { key }, query: after ? { after: Number(after) } : {} } })),
      ),
    ...RESTS,
  });
}

export function useCapability(key: string) {
  return useQuery({
    queryKey: ["keys", key, "capability"],
    queryFn: async () => (await good(api.GET("/v1/keys/{key}/capability", { params: { path: { key } } }))).sentences,
    ...RESTS,
  });
}

export function useActivity(key: string) {
  return useQuery({
    queryKey: ["keys", key, "activity"],
    queryFn: () => good(api.GET("/v1/keys/{key}/activity", { params: { path: { key } } })),
    ...RESTS,
  });
}

export function useApprovals() {
  return useQuery({
    queryKey: ["approvals", "mine"],
    queryFn: () => whole((query) => good(api.GET("/v1/approvals", { params: { query } }))),
    ...RESTS,
  });
}

export function useAccounts() {
  return useQuery({
    queryKey: ["accounts", "mine"],
    queryFn: () => whole((query) => good(api.GET("/v1/accounts", { params: { query } }))),
  });
}

export function useVendors() {
  return useQuery({
    queryKey: ["vendors"],
    queryFn: () => whole((query) => good(api.GET("/v1/vendors", { params: { query } }))),
  });
}
