// Personal data of an entry: shown for a reason, which is recorded first. What was shown stays in this page only, in no cache.
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { useWrite } from "../../../api/queries";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Field } from "../../../ui/forms";
import { Refused } from "../../../ui/states";
import { BRIEF_MOST, keptByEmpty } from "../../parts/actFields";
import type { Bilingual } from "../../parts/shapes";
import { useStepUp } from "../../stepUp";
import { readEntry, type Whole } from "./index";
import { entryWords } from "./words";

export function Unmask({
  masked,
  said,
  index,
  whole,
  onShown,
}: {
  masked: readonly string[];
  /** The same in words, in the same order, as far as the server has them. */
  said: readonly Bilingual[];
  index: number;
  whole: Whole | null;
  onShown: (whole: Whole) => void;
}) {
  const w = useWords(entryWords);
  const { lang } = useLang();
  const { has } = useMe();
  const stepUp = useStepUp();
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState<string>();
  const read = useWrite((why: string) => stepUp(() => readEntry(index, why)), [["ledger", "checkpoint"]]);
  const may = has("auditor", "compliance_lead");
  function ask(event: FormEvent) {
    event.preventDefault();
    if (read.isPending || !may) return;
    setWrong(reason.trim() === "" ? w.reasonMissing : undefined);
    if (keptByEmpty(reason) !== null) return;
    read.mutate(reason.trim(), { onSuccess: onShown });
  }
  if (whole !== null) {
    return (
      <p className="notice warn">
        {w.shown}{" "}
        {whole.entry.recorded == null ? null : (
          <Link to={`/ledger/${whole.entry.recorded}`}>{count(lang, whole.entry.recorded)}</Link>
        )}
      </p>
    );
  }
  return (
    <Card title={w.masked}>
      <form className="stack" onSubmit={ask}>
        <p>{w.maskedText}</p>
        <p className="row">
          {masked.map((column, at) => {
            const name = said[at]?.[lang];
            return name === undefined ? (
              <code key={column}>{column}</code>
            ) : (
              <span key={column} className="badge plain" title={column}>
                {name}
              </span>
            );
          })}
        </p>
        <Field
          label={w.reason}
          hint={w.reasonHint}
          value={reason}
          onChange={setReason}
          wrong={wrong}
          isDisabled={!may}
          most={BRIEF_MOST}
        />
        {read.error ? <Refused error={read.error} /> : null}
        <div>
          <Button type="submit" isPending={read.isPending} why={may ? undefined : w.readers}>
            {w.read}
          </Button>
        </div>
      </form>
    </Card>
  );
}
