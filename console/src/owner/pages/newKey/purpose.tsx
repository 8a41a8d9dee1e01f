// What a key is for, from the least dangerous to the most; each with the sentence that decides it.
import type { Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Badge } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import type { Facts } from "../../facts";
import { useVendors } from "../../reads";
import type { Draft } from ".";
import { newKeyWords } from "./words";

type Word = Schemas["PurposeWord"];
const ORDER: readonly Word[] = [
  "portfolio",
  "own_bot",
  "third_party_tool",
  "copy_trading",
  "market_making",
  "treasury",
  "omnibus",
  "other",
];
/** For companies: a person is not asked about them. */
const COMPANIES: readonly Word[] = ["treasury", "omnibus", "market_making"];

export function Purpose({
  draft,
  facts,
  put,
  company = false,
}: {
  draft: Draft;
  facts: Facts;
  put: (change: Partial<Draft>) => void;
  company?: boolean;
}) {
  const w = useWords(newKeyWords);
  const vendors = useVendors().data?.filter(({ state }) => state === "approved");
  const offered = ORDER.filter((word) => facts.purposes[word] !== undefined && (company || !COMPANIES.includes(word)));
  return (
    <div className="stack tight" role="radiogroup" aria-label={w.what}>
      {offered.map((word) => (
        <label key={word} className={draft.purpose === word ? "option chosen" : "option"}>
          <input
            type="radio"
            name="purpose"
            checked={draft.purpose === word}
            onChange={() => put({ purpose: word, rights: word === "own_bot" ? ["trade"] : [] })}
          />
          <span>
            <strong>{w[word]}</strong> {word === "portfolio" ? <Badge tone="good">{w.safest}</Badge> : null}
            <br />
            <span className="muted">{w[`${word}Text`]}</span>
          </span>
        </label>
      ))}
      {draft.purpose !== "third_party_tool" ? null : vendors?.length === 0 ? (
        <p>{w.vendorNone}</p>
      ) : (
        <>
          <Choice
            label={w.vendor}
            value={draft.vendor}
            onChange={(vendor) => put({ vendor })}
            of={[["", w.vendorPick], ...(vendors ?? []).map((one) => [one.vendor, one.name] as const)]}
          />
          <p className="muted">{w.vendorNot}</p>
        </>
      )}
    </div>
  );
}
