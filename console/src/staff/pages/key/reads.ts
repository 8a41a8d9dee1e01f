// What the page of a key asks the server. Query keys begin with the noun that a live message names.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";

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

export function useKeyReads(key: string) {
  const { has } = useMe();
  const path = { key };
  const inside = has("viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor");
  return {
    inside,
    timeline: useHistory(key),
    measures: useQuery({
      queryKey: ["measures", { key }],
      queryFn: () => good(api.GET("/v1/measures", { params: { query: { key, limit: 200 } } })),
      enabled: inside,
    }),
    signals: useQuery({
      queryKey: ["signals", { key }],
      queryFn: () => good(api.GET("/v1/signals", { params: { query: { key, limit: 200 } } })),
      enabled: inside,
    }),
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
