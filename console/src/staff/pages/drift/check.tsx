// A file of wire lines tried before it is imported: what would become of its lines, and each refused one by name. Writes nothing; the import
// itself is the command's, which copies refused lines aside.
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, good, type Problem, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Pairs } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Refused } from "../../../ui/states";
import { useStepUp } from "../../stepUp";
import { driftWords } from "./words";

type Taken = Schemas["LinesTakenView"];
/** More than this nobody reads here. */
const SHOWN_MOST = 100;

export function CheckFile() {
  const w = useWords(driftWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const stepUp = useStepUp();
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const tried = useMutation<Taken, Problem, File>({
    mutationFn: (file) =>
      stepUp(() =>
        good(
          api.POST("/v1/imports", {
            params: { query: { dry_run: true } },
            headers: { "content-type": "application/x-ndjson" },
            body: "",
            // As it stands on disk: it is read while it is sent.
            bodySerializer: () => file,
          }),
        ),
      ),
  });
  return (
    <div className="stack">
      <p className="muted">{w.checkText}</p>
      <div>
        <Button
          isPending={tried.isPending}
          why={has("security_admin") ? undefined : onlyFor(r, "security_admin")}
          onPress={() => input.current?.click()}
        >
          {w.check}
        </Button>
        {/* Opened by the button, which is what has a name and the focus. */}
        <input
          ref={input}
          type="file"
          hidden
          accept=".ndjson,.jsonl,application/x-ndjson"
          onChange={(event) => {
            const file = event.target.files?.[0];
            // Chosen again after it was mended, it is another file.
            event.target.value = "";
            if (file === undefined) return;
            setName(file.name);
            tried.mutate(file);
          }}
        />
      </div>
      {tried.error ? <Refused error={tried.error} /> : null}
      {tried.data === undefined ? null : <Result of={tried.data} name={name} />}
    </div>
  );
}

export function Result({ of, name }: { of: Taken; name: string }) {
  const w = useWords(driftWords);
  const { lang } = useLang();
  const n = (value: number) => count(lang, value);
  return (
    <div className="stack" role="status">
      <p className={of.refused_total === 0 ? "notice good" : "notice warn"}>
        <strong>{name}</strong>: {of.refused_total === 0 ? w.checkGood : w.checkRefused(n(of.refused_total))}
      </p>
      <Pairs
        of={[
          [w.lines, n(of.lines)],
          [w.made, n(of.made)],
          [w.changed, n(of.changed)],
          [w.same, n(of.same)],
          [w.ended, n(of.ended)],
          [w.heldBack, of.held_back === 0 ? null : n(of.held_back)],
          [w.differing, of.differing === 0 ? null : n(of.differing)],
          [w.older, of.older === 0 ? null : n(of.older)],
        ]}
      />
      {of.refused.length === 0 ? null : (
        <>
          <Table
            caption={w.refused}
            rows={of.refused.slice(0, SHOWN_MOST)}
            id={({ line, code }) => `${line} ${code}`}
            columns={[
              { head: w.line, cell: ({ line }) => n(line), number: true },
              { head: w.subject, cell: ({ subject }) => <span className="mono">{subject ?? "–"}</span> },
              { head: w.field, cell: ({ field }) => <code>{field ?? "–"}</code> },
              {
                head: w.whyRefused,
                // The server's own words, which name the line's own values.
                cell: ({ message, remedy, code }) => (
                  <div lang="en" title={code}>
                    <div>{message}</div>
                    <div className="muted">{remedy}</div>
                  </div>
                ),
              },
            ]}
          />
          {of.refused_total > SHOWN_MOST ? <p className="muted">{w.refusedMore(n(SHOWN_MOST), n(of.refused_total))}</p> : null}
        </>
      )}
    </div>
  );
}
