// What the page of a key asks the server. Query keys begin with the noun that a live message names.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";

/** An entry, with where it left the key if it changed the key. */
export type Entry = Schemas["TimelineView"] & { state?: string | null; measure?: string | null };

/** So many pages of a key's history are read before it is enough: the last one holds what happened last. */
const PAGES_MAX = 5;

async function wholeTimeline(key: string): Promise<Entry[]> {
  const all: Entry[] = [];
  let after: number | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found: Schemas["TimelinePage"] = await good(
      api.GET("/v1/keys/{key}/timeline", {
        params: { path: { key }, query: { limit: 1000, ...(after === undefined ? {} : { after }) } },
      }),
    );
    all.push(...found.items);
    if (!found.next) break;
    after = Number(found.next);
  }
  return all;
}

export function useKeyReads(key: string) {
  const { has } = useMe();
  const path = { key };
  const inside = has("viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor");
  return {
    inside,
    timeline: useQuery({ queryKey: ["keys", key, "timeline"], queryFn: () => wholeTimeline(key) }),
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
