// Another ramp, rule by rule, asked for: the server checks it, and another security administrator puts it in force.
import { useState } from "react";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { onlyFor, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { type Ramp, rampLines, refusesAny, STAGES, stageWords } from "../../parts/rampText";
import { type DraftRule, draftOf, isSound, rampOf, same } from "./draft";
import type { RampOf } from "./inForce";
import { RuleFields } from "./ruleFields";
import { rampWords } from "./words";

const MAY = ["compliance_lead", "security_admin"] as const;
/** As many as the server takes. */
const RULES_MOST = 64;

export function Change({ of }: { of: RampOf }) {
  const w = useWords(rampWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const [open, setOpen] = useState(false);
  const why = !has(...MAY) ? onlyFor(r, ...MAY) : of.waits_for == null ? undefined : w.changeWaits;
  return (
    <Card title={w.change}>
      <div className="stack">
        <p>{w.changeText}</p>
        <div>
          <Button why={why} onPress={() => setOpen(true)}>
            {w.change}
          </Button>
        </div>
      </div>
      {open ? <ChangeDialog of={of} onClose={() => setOpen(false)} /> : null}
    </Card>
  );
}

function ChangeDialog({ of, onClose }: { of: RampOf; onClose: () => void }) {
  const w = useWords(rampWords);
  const stages = useWords(stageWords);
  const { lang } = useLang();
  const say = useSay();
  // Made of the one that was in force when it was begun: `If-Match` refuses it if another came since.
  const [from] = useState(of);
  const { before } = from;
  const [draft, setDraft] = useState(() => draftOf(from.ramp));
  const [reason, setReason] = useState("");
  const { rules, rest, ends } = draft;
  const ramp: Ramp = rampOf(draft);
  const put = (index: number, rule: DraftRule) =>
    setDraft({ ...draft, rules: rules.map((one, at) => (at === index ? rule : one)) });
  const move = (index: number, by: number) => {
    const moved = [...rules];
    const [one] = moved.splice(index, 1);
    if (one !== undefined) moved.splice(index + by, 0, one);
    setDraft({ ...draft, rules: moved });
  };
  const missing = !isSound(draft) || keptBy(reason) !== null ? "" : same(ramp, from.ramp) ? w.changeSame : null;
  return (
    <ActDialog
      title={w.change}
      intro={<p>{w.changeIntro}</p>}
      body={{ ramp, reason }}
      missing={missing}
      send={(body, how) => {
        // Where none was ever set there is no version to name.
        const seen = from.version === 0 ? {} : { "If-Match": `"${from.version}"` };
        const header = { ...("header" in how ? how.header : {}), ...seen };
        return good(api.PUT("/v1/ramp", { params: { ...how, header }, body }));
      }}
      go={w.changeGo}
      touches={[["gates"], ["approvals"], ["overview"]]}
      consequences={
        <>
          <p>{w.changeIntro}</p>
          <ul className="pieces lines">
            {rampLines(lang, ramp).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      }
      onDone={() => say(w.changeDone)}
      onClose={onClose}
    >
      {rules.map((rule, index) => (
        <RuleFields
          key={rule.id}
          of={rule}
          number={index + 1}
          last={index === rules.length - 1}
          onChange={(next) => put(index, next)}
          onMove={(by) => move(index, by)}
          onRemove={() => setDraft({ ...draft, rules: rules.filter((one) => one.id !== rule.id) })}
        />
      ))}
      <div className="row">
        <Button
          small
          isDisabled={rules.length >= RULES_MOST}
          onPress={() =>
            setDraft({
              ...draft,
              rules: [
                ...rules,
                { id: window.crypto.randomUUID(), segment: "", effect: "", route: "", percent: "100", stage: "shadow" },
              ],
            })
          }
        >
          {w.addRule}
        </Button>
        {before == null ? null : (
          <Button small look="quiet" onPress={() => setDraft(draftOf(before))}>
            {w.restore}
          </Button>
        )}
      </div>
      <Choice
        label={rules.length === 0 ? w.all : w.rest}
        value={rest}
        of={STAGES.map((stage) => [stage, stages[stage]] as const)}
        onChange={(stage) => setDraft({ ...draft, rest: stage })}
      />
      {refusesAny(ramp) ? null : (
        <Choice
          label={w.endsLabel}
          hint={w.endsHint}
          value={ends}
          of={[
            ["refused", w.endsRefused],
            ["recorded", w.endsRecorded],
          ]}
          onChange={(next) => setDraft({ ...draft, ends: next })}
        />
      )}
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
