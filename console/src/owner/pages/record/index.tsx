// Everything kept about his keys that he may see, to take away. Fetched by parts (`parts.ts`), saved as files.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, good, type Problem } from "../../../api/client";
import { fileDay } from "../../../i18n/format";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { Page } from "../../../ui/shell";
import { useSay } from "../../../ui/toasts";
import { Said } from "../../parts/act";
import { type Part, type Place, START, takeParts } from "./parts";
import { recordWords } from "./words";

type Format = "json" | "csv";
/** Where the next part begins, as the answer says. */
function nextOf(response: Response): string | null {
  const next = /^<([^>]*)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  return next === undefined ? null : new URL(next, window.location.href).searchParams.get("after");
}

async function ask(format: Format, after: string | null): Promise<Part> {
  const query = { format, ...(after === null ? {} : { after }) };
  const asked = api.GET("/v1/owner/export", { params: { query }, parseAs: "text" });
  const text = String(await good(asked)).replace(/^\ufeff/, "");
  return { text, next: nextOf((await asked).response) };
}

function keep(format: Format, day: string, text: string, part: number) {
  const name = `my-api-keys-${day}${part === 1 ? "" : `-${part}`}.${format}`;
  if (format === "json") {
    save(name, JSON.stringify(JSON.parse(text), null, 2), "application/json");
  } else {
    // The byte order mark is lost in reading; spreadsheets know the Korean by it.
    save(name, `\ufeff${text}`, "text/csv;charset=utf-8");
  }
}

/** One that broke off: what is saved of it, and the day its files are named by. */
type Left = { place: Place; day: string };

export function MyRecord() {
  const w = useWords(recordWords);
  const say = useSay();
  const [left, setLeft] = useState<Partial<Record<Format, Left>>>({});
  const [waits, setWaits] = useState<{ part: number; seconds: number } | null>(null);
  const act = useMutation<number, Problem, Format>({
    mutationFn: (format) => {
      const { place, day } = left[format] ?? { place: START, day: fileDay(Date.now()) };
      return takeParts(place, {
        ask: (after) => ask(format, after),
        save: (text, part) => keep(format, day, text, part),
        at: (next) => setLeft((before) => ({ ...before, [format]: { place: next, day } })),
        waits: (part, seconds) => setWaits(seconds === null ? null : { part, seconds }),
        pause: (ms) => new Promise((done) => window.setTimeout(done, ms)),
      });
    },
    onSuccess: (parts, format) => {
      setLeft((before) => ({ ...before, [format]: undefined }));
      say(parts === 1 ? w.done : w.parts(parts));
    },
  });
  const saved = act.variables === undefined ? 0 : (left[act.variables]?.place.saved ?? 0);
  const one = (format: Format, label: string, text: string) => (
    <div className="stack tight">
      <div>
        <Button
          look={format === "json" ? "primary" : "plain"}
          isPending={act.isPending && act.variables === format}
          isDisabled={act.isPending}
          onPress={() => act.mutate(format)}
        >
          {label}
        </Button>
      </div>
      <p className="muted">{text}</p>
    </div>
  );
  return (
    <Page title={w.title}>
      <p>{w.lead}</p>
      <Card title={w.what}>
        <ul>
          <li>{w.what1}</li>
          <li>{w.what2}</li>
          <li>{w.what3}</li>
          <li>{w.what4}</li>
        </ul>
      </Card>
      <Card>
        <div className="stack">
          {one("json", w.json, w.jsonText)}
          {one("csv", w.csv, w.csvText)}
          <div role="status">
            {act.isPending && waits ? <p>{w.waits(waits.part, waits.seconds)}</p> : null}
            {act.isPending && !waits && saved > 0 ? <p>{w.going(saved + 1)}</p> : null}
            {act.isError && saved > 0 ? <p>{w.left(saved)}</p> : null}
          </div>
          <Said of={act} />
          <p className="muted">{w.keep}</p>
        </div>
      </Card>
    </Page>
  );
}
