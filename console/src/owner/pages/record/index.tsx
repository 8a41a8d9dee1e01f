// Everything kept about his keys that he may see, to take away. Fetched by parts, saved as files.
import { useMutation } from "@tanstack/react-query";
import { api, good, type Problem } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { Page } from "../../../ui/shell";
import { useSay } from "../../../ui/toasts";
import { Said } from "../../parts/act";
import { recordWords } from "./words";

type Format = "json" | "csv";
/** Parts of a hundred keys each: nobody has more. */
const PARTS_MAX = 50;

/** Where the next part begins, as the answer says. */
function nextOf(response: Response): string | null {
  const next = /^<([^>]*)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  return next === undefined ? null : new URL(next, window.location.href).searchParams.get("after");
}

/** Fetches every part and saves each; how many there were. */
async function take(format: Format): Promise<number> {
  const stamp = new Date().toISOString().slice(0, 10);
  let after: { after?: string } = {};
  for (let part = 1; part <= PARTS_MAX; part += 1) {
    const name = `my-api-keys-${stamp}${part === 1 ? "" : `-${part}`}.${format}`;
    const asked = api.GET("/v1/owner/export", { params: { query: { format, ...after } }, parseAs: "text" });
    const text = String(await good(asked)).replace(/^\ufeff/, "");
    if (format === "json") {
      save(name, JSON.stringify(JSON.parse(text), null, 2), "application/json");
    } else {
      // The byte order mark is lost in reading; spreadsheets know the Korean by it.
      save(name, `\ufeff${text}`, "text/csv;charset=utf-8");
    }
    const next = nextOf((await asked).response);
    if (next === null) return part;
    after = { after: next };
  }
  return PARTS_MAX;
}

export function MyRecord() {
  const w = useWords(recordWords);
  const say = useSay();
  const act = useMutation<number, Problem, Format>({
    mutationFn: take,
    onSuccess: (parts) => say(parts === 1 ? w.done : w.parts(parts)),
  });
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
          <Said of={act} />
          <p className="muted">{w.keep}</p>
        </div>
      </Card>
    </Page>
  );
}
