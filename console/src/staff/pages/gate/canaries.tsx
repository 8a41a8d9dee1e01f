// What canaries found at one gate.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Time, type Tone } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Empty, Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { gateWords } from "./words";

type Finding = { gate?: string; answered?: string; after_ms?: number; detail?: string };
const TONES: Record<string, Tone> = { obeyed: "good", still_served: "expire", alive: "expire", unreachable: "warn" };

/** What was found at this gate; of several tries the last. */
export function findingOf(findings: unknown, gate: string): Finding | null {
  if (!Array.isArray(findings)) return null;
  return (findings as Finding[]).findLast((one) => one?.gate === gate) ?? null;
}

export function Canaries({ gate }: { gate: string }) {
  const w = useWords(gateWords);
  const r = useWords(roleWords);
  const said: Record<string, unknown> = w;
  const { lang } = useLang();
  const { has } = useMe();
  const say = useSay();
  const [open, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ["gates", "canaries"],
    queryFn: () => good(api.GET("/v1/canaries", { params: { query: { limit: 25 } } })),
  });
  const word = (code: string) => (typeof said[code] === "string" ? said[code] : code);
  return (
    <Card
      title={w.canaries}
      aside={
        <Button small why={has("security_admin") ? undefined : onlyFor(r, "security_admin")} onPress={() => setOpen(true)}>
          {w.start}
        </Button>
      }
    >
      <div className="stack">
        <p className="muted">{w.canariesText}</p>
        <Read query={query}>
          {(page) => {
            const rows = page.items.filter((one) => one.gates.includes(gate) || one.expired == null);
            return rows.length === 0 ? (
              <Empty title={w.noCanaries} />
            ) : (
              <Table
                caption={w.canaries}
                rows={rows.map((canary) => ({ canary, found: findingOf(canary.findings, gate) }))}
                id={(row) => row.canary.canary}
                columns={[
                  {
                    head: w.canary,
                    cell: ({ canary }) => (
                      <Link className="mono" to={`/keys/${encodeURIComponent(canary.key)}`}>
                        {canary.canary}
                      </Link>
                    ),
                  },
                  { head: w.ended, cell: ({ canary }) => <Time at={canary.expired} /> },
                  {
                    head: w.outcome,
                    cell: ({ found }) =>
                      found?.answered === undefined ? (
                        <Badge tone="monitor">{w.waits}</Badge>
                      ) : (
                        <span className="row">
                          <Badge tone={TONES[found.answered] ?? "warn"}>{word(found.answered)}</Badge>
                          {found.detail === undefined ? null : <span className="muted">{found.detail}</span>}
                        </span>
                      ),
                  },
                  {
                    head: w.took,
                    cell: ({ found }) => (found?.after_ms === undefined ? "–" : duration(lang, found.after_ms)),
                    number: true,
                  },
                ]}
              />
            );
          }}
        </Read>
      </div>
      {open ? (
        <ActDialog
          title={w.start}
          intro={<p>{w.startIntro}</p>}
          body={{}}
          missing={null}
          send={(_, how) => good(api.POST("/v1/canaries", { params: how }))}
          go={w.start}
          touches={[["gates"]]}
          onDone={() => say(w.startDone)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </Card>
  );
}
