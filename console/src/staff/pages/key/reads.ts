// What the page of a key asks the server. Query keys begin with the noun that a live message names.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { loose } from "../../parts/shapes";

/** An entry, with where it left the key if it changed the key. */
export type Entry = Schemas["TimelineView"] & { state?: string | null; measure?: string | null };

/** Entries of one page of a key's history. */
const PAGE = 200;

/** A key's history as far as it was read: oldest first, and whether it is all of it. */
export type History = { entries: Entry[]; whole: boolean };

/** From its newest end back, page by page: whoever asks why a key was cut off asks for what happened last. */
function useHistory(key: string) {
  return useInfiniteQuery({
    queryKey: ["keys", key, "timeline"],
    queryFn: ({ pageParam }: { pageParam: number | null }) =>
      good(
        api.GET("/v1/keys/{key}/timeline", {
          params: {
            path: { key },
            query: { limit: PAGE, order: "newest", ...(pageParam === null ? {} : { after: pageParam }) },
          },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.next ? Number(last.next) : undefined),
    select: ({ pages }): History => ({
      entries: pages.flatMap((page) => page.items as Entry[]).reverse(),
      whole: !pages.at(-1)?.next,
    }),
  });
}

/** Signals about the key, and those about keys that act together with it: they stand in the case, and count for it too. */
function useSignals(key: string, caseId: string | null, enabled: boolean) {
  const own = useQuery({
    queryKey: ["signals", { key }],
    queryFn: () => good(api.GET("/v1/signals", { params: { query: { key, limit: 200 } } })),
    enabled,
  });
  const ofCase = useQuery({
    queryKey: ["signals", { case: caseId }],
    queryFn: () => good(api.GET("/v1/signals", { params: { query: { case: caseId ?? "", limit: 200 } } })),
    enabled: enabled && caseId !== null,
  });
  const items = own.data?.items ?? [];
  const known = new Set(items.map((one) => one.id));
  const shared = (ofCase.data?.items ?? []).filter(
    (one) => !known.has(one.id) && (loose<{ members: string[] }>(one.subject).members ?? []).includes(key),
  );
  return { query: own, items: [...items, ...shared] };
}

export function useKeyReads(key: string) {
  const { has } = useMe();
  const path = { key };
  const inside = has("viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor");
  const measures = useQuery({
    queryKey: ["measures", { key }],
    queryFn: () => good(api.GET("/v1/measures", { params: { query: { key, limit: 200 } } })),
    enabled: inside,
  });
  const newest = [...(measures.data?.items ?? [])].sort((one, other) => other.began.localeCompare(one.began))[0];
  return {
    inside,
    timeline: useHistory(key),
    measures,
    signals: useSignals(key, newest?.case_id ?? null, inside),
    standing: useQuery({
      queryKey: ["keys", key, "standing"],
      queryFn: () => good(api.GET("/v1/keys/{key}/standing", { params: { path } })),
      enabled: inside,
    }),
    activity: useQuery({
      queryKey: ["keys", key, "activity"],
      queryFn: () => good(api.GET("/v1/keys/{key}/activity", { params: { path } })),
      refetchInterval: 15_000,
    }),
    capability: useQuery({
      queryKey: ["keys", key, "capability"],
      queryFn: () => good(api.GET("/v1/keys/{key}/capability", { params: { path } })),
    }),
    notices: useQuery({
      queryKey: ["notices", { key }],
      queryFn: () => good(api.GET("/v1/notices", { params: { query: { key, limit: 100 } } })),
    }),
    receipts: useQuery({
      queryKey: ["gates", "receipts", { key }],
      queryFn: () => good(api.GET("/v1/receipts", { params: { query: { key, limit: 100 } } })),
      enabled: inside,
    }),
    approvals: useQuery({
      queryKey: ["approvals", { subject: `key:${key}`, state: "open" }],
      queryFn: () => good(api.GET("/v1/approvals", { params: { query: { subject: `key:${key}`, state: "open", limit: 50 } } })),
    }),
  };
}

export type KeyReads = ReturnType<typeof useKeyReads>;
