// One rule of a ramp that is being written.
import { useContext } from "react";
import { useWords } from "../../../i18n/lang";
import { Button } from "../../../ui/basics";
import { Choice, Field } from "../../../ui/forms";
import { Pressed } from "../../parts/actFields";
import { effectWords, STAGES, stageWords } from "../../parts/rampText";
import { segmentWords } from "../../parts/words";
import { type DraftRule, isPercent, isRoute } from "./draft";
import { rampWords } from "./words";

const SEGMENTS = ["retail", "corporate", "broker", "market_maker", "custodian"] as const;
const EFFECTS = ["read", "cancel", "order", "transfer"] as const;

export function RuleFields({
  of,
  number,
  last,
  onChange,
  onMove,
  onRemove,
}: {
  of: DraftRule;
  number: number;
  last: boolean;
  onChange: (rule: DraftRule) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}) {
  const w = useWords(rampWords);
  const segments = useWords(segmentWords);
  const effects = useWords(effectWords);
  const stages = useWords(stageWords);
  const pressed = useContext(Pressed);
  const label = w.rule(number);
  return (
    <fieldset className="boxes">
      <legend>{label}</legend>
      <Choice
        label={w.segment}
        value={of.segment}
        of={[["", w.anySegment], ...SEGMENTS.map((one) => [one, segments[one]] as const)]}
        onChange={(segment) => onChange({ ...of, segment })}
      />
      <Choice
        label={w.effect}
        value={of.effect}
        of={[["", w.anyEffect], ...EFFECTS.map((one) => [one, effects[one]] as const)]}
        onChange={(effect) => onChange({ ...of, effect })}
      />
      <Field
        label={w.route}
        hint={w.routeHint}
        value={of.route}
        onChange={(route) => onChange({ ...of, route })}
        wrong={pressed && !isRoute(of.route.trim()) ? w.routeWrong : undefined}
      />
      <Field
        label={w.percent}
        hint={w.percentHint}
        value={of.percent}
        inputMode="numeric"
        onChange={(percent) => onChange({ ...of, percent })}
        wrong={pressed && !isPercent(of.percent.trim()) ? w.percentWrong : undefined}
      />
      <Choice
        label={w.stage}
        value={of.stage}
        of={STAGES.map((stage) => [stage, stages[stage]] as const)}
        onChange={(stage) => onChange({ ...of, stage })}
      />
      <div className="row">
        <Button small look="quiet" isDisabled={number === 1} aria-label={`${label}: ${w.up}`} onPress={() => onMove(-1)}>
          {w.up}
        </Button>
        <Button small look="quiet" isDisabled={last} aria-label={`${label}: ${w.down}`} onPress={() => onMove(1)}>
          {w.down}
        </Button>
        <Button small look="quiet" aria-label={`${label}: ${w.remove}`} onPress={onRemove}>
          {w.remove}
        </Button>
      </div>
    </fieldset>
  );
}
