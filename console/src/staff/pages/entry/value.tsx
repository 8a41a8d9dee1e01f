// One fact of an entry as people read it: instants by the venue's clock, people and roles by name, ids with a way there, lists as tables.
import { createContext, type ReactNode, useContext } from "react";
import { Link } from "react-router";
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import type { Lang } from "../../../i18n/words";
import { actorText } from "../../../ui/actors";
import { Pairs, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { shortId } from "../../../ui/ids";
import { MEASURES, measureWords } from "../../../ui/measure";
import { roleText, roleWords } from "../../../ui/roles";
import type { Bilingual } from "../../parts/shapes";
import { actionWords } from "../../parts/words";
import { codeText, fieldText } from "./fields";
import { entryWords } from "./words";

/** Where an id of the facts can be looked at. */
const PLACES: Record<string, string> = {
  key: "/keys/",
  keys: "/keys/",
  replaces: "/keys/",
  ended: "/keys/",
  case: "/cases/",
  cases: "/cases/",
  case_id: "/cases/",
  approval: "/approvals/",
  approvals: "/approvals/",
  opened: "/approvals/",
  gate: "/gates/",
  gates: "/gates/",
  policy: "/policy/",
  entry: "/ledger/",
};
const ROLES = new Set(["role", "roles", "asked_roles", "granted"]);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
const PRINCIPAL = /^(user|system|customer|token|gate|person|owner):/;
/** Before and after of roles and of settings are told by what stands in them. */
const isRole = (text: string) => Object.hasOwn(roleWords.en, text) && text !== "only";

const instantOf = (us: number) => new Date(us / 1_000).toISOString();

/** A word in the language spoken; null where it is no known code. */
function coded(lang: Lang, name: string, text: string): string | null {
  if (ROLES.has(name) || ((name === "before" || name === "after") && isRole(text))) return roleText(roleWords[lang], text);
  if (name === "action") return (actionWords[lang] as Record<string, string>)[text] ?? null;
  if (name === "class") return classText(lang, text);
  if (name === "user" || name === "users") return text;
  const measure = MEASURES.find((one) => one === text);
  if (name === "measure" && measure !== undefined) return measureWords[lang][measure];
  if (PRINCIPAL.test(text)) return actorText(lang, text);
  return codeText(lang, text);
}

/** Rules that an entry names by their ids, in words, as its own policy says them. */
export const RulesSaid = createContext<Record<string, Bilingual>>({});

function Text({ name, text }: { name: string; text: string }) {
  const { lang } = useLang();
  const rule = useContext(RulesSaid)[text];
  if (rule !== undefined && (name === "rule" || name === "rules")) return <span title={text}>{rule[lang]}</span>;
  const place = PLACES[name];
  if (place !== undefined && !text.includes(":")) {
    return (
      <Link className="mono" to={`${place}${encodeURIComponent(text)}`} title={text}>
        {shortId(text)}
      </Link>
    );
  }
  if (INSTANT.test(text)) return <Time at={text} full />;
  const said = coded(lang, name, text);
  if (said !== null) return <span title={said === text ? undefined : text}>{said}</span>;
  // Two words or more were written by a person; one without spaces is a name of machines.
  return /\s/.test(text) ? (
    <span className="preline">{text}</span>
  ) : (
    <span className="mono" title={text}>
      {shortId(text)}
    </span>
  );
}

/** Whether lists of such things are shown as a table with these columns. */
function columnsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

export function Value({ cls, name, value }: { cls: string; name: string; value: unknown }): ReactNode {
  const w = useWords(entryWords);
  const { lang } = useLang();
  if (value === null || value === undefined) return <span className="muted">–</span>;
  if (typeof value === "boolean") return value ? w.yes : w.no;
  if (typeof value === "number") {
    if (name.startsWith("from_") && name.endsWith("_us")) return duration(lang, value / 1_000);
    if (name.endsWith("_us")) return <Time at={instantOf(value)} full />;
    return PLACES[name] === undefined ? count(lang, value) : <Text name={name} text={String(value)} />;
  }
  if (typeof value === "string") return <Text name={name} text={value} />;
  if (Array.isArray(value)) {
    if (value.length === 0) return <span className="muted">{w.nothing}</span>;
    const objects = value.filter((one): one is Record<string, unknown> => typeof one === "object" && one !== null);
    if (objects.length === value.length) {
      const columns = columnsOf(objects).filter((column) => column !== "subject");
      return (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {fieldText(lang, cls, column)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {objects.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: what is recorded never moves
                <tr key={index}>
                  {columns.map((column) => (
                    <td key={column}>
                      <Value cls={cls} name={column} value={row[column]} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    return (
      <>
        {value.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what is recorded never moves
          <span key={index}>
            {index === 0 ? "" : ", "}
            <Value cls={cls} name={name} value={one} />
          </span>
        ))}
      </>
    );
  }
  const object = value as Record<string, unknown>;
  // A policy is named with its digest, which is for machines.
  if (typeof object[name] === "string" && Object.keys(object).every((one) => one === name || one === "digest"))
    return <Value cls={cls} name={name} value={object[name]} />;
  return (
    <Pairs
      of={Object.entries(object)
        .filter(([, one]) => one !== null)
        .map(([key, one]) => [fieldText(lang, cls, key), <Value key={key} cls={cls} name={key} value={one} />])}
    />
  );
}
