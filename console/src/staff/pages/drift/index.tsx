// Where the exchange's key database and this record stand apart: what has ended here and lives there first and loud, then the rest, then who
// tells of keys, and whose word counts. Repairs nothing.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button } from "../../../ui/basics";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Page } from "../../../ui/shell";
import { Read, Refused } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { Authority } from "./authority";
import { Apart } from "./list";
import { Sources } from "./sources";
import { driftWords } from "./words";
import { Worst } from "./worst";

/** The worst of them raise a task when they appear and when they go; the others are asked for as often as the server compares, and more. */
export const RENEWED_MS = 20_000;

export function useMirrors() {
  return useQuery({
    queryKey: ["tasks", "drift", "mirrors"],
    queryFn: () => good(api.GET("/v1/mirrors")),
    refetchInterval: RENEWED_MS,
  });
}

export function Drift() {
  const w = useWords(driftWords);
  const mirrors = useMirrors();
  return (
    <Page title={w.title} aside={<LookNow />}>
      <p className="muted">{w.about}</p>
      <Read query={mirrors}>
        {({ items }) => (
          <>
            <Worst told={items.length > 0} />
            {items.length === 0 ? null : <Apart />}
            <div className="two">
              <Sources of={items} />
              <Authority />
            </div>
          </>
        )}
      </Read>
    </Page>
  );
}

const MAY = ["analyst", "approver", "compliance_lead", "security_admin"] as const;

function LookNow() {
  const w = useWords(driftWords);
  const r = useWords(roleWords);
  const { lang } = useLang();
  const { has } = useMe();
  const say = useSay();
  const look = useWrite((_: null) => good(api.POST("/v1/drift/look")), [["tasks"], ["overview"]]);
  return (
    <div className="stack tight">
      <Button
        isPending={look.isPending}
        why={has(...MAY) ? undefined : onlyFor(r, ...MAY)}
        onPress={() =>
          look.mutate(null, {
            onSuccess: ({ keys, stand, appeared, gone }) =>
              say(w.looked(count(lang, keys), count(lang, stand), count(lang, appeared), count(lang, gone))),
          })
        }
      >
        {w.look}
      </Button>
      {look.error ? <Refused error={look.error} /> : null}
    </div>
  );
}
