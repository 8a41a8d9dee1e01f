// A ramp while it is being written: what fields hold, and what is made of them. The server checks it; this only keeps what it never takes.
import type { Schemas } from "../../../api/client";
import type { Ramp, Rule, Stage } from "../../parts/rampText";
import { refusesAny } from "../../parts/rampText";

export type DraftRule = {
  /** So that a rule keeps its fields when it is moved. */
  id: string;
  segment: Schemas["SegmentWord"] | "";
  effect: Schemas["EffectWord"] | "";
  route: string;
  percent: string;
  stage: Stage;
};
export type Draft = { rules: DraftRule[]; rest: Stage; ends: Schemas["EndsWord"] };

export function draftOf(ramp: Ramp): Draft {
  const rules = (ramp.rules ?? []).map(({ segment, effect, route, percent = 100, stage }) => ({
    id: window.crypto.randomUUID(),
    segment: segment ?? ("" as const),
    effect: effect ?? ("" as const),
    route: route ?? "",
    percent: String(percent),
    stage,
  }));
  return { rules, rest: ramp.default, ends: ramp.ends ?? "refused" };
}

export const isRoute = (text: string): boolean => text === "" || (/^[/*][!-~]*$/.test(text) && text.length <= 256);
export const isPercent = (text: string): boolean => /^([1-9]\d?|100)$/.test(text);
export const isSound = ({ rules }: Draft): boolean =>
  rules.every(({ route, percent }) => isRoute(route.trim()) && isPercent(percent.trim()));

export function rampOf({ rules, rest, ends }: Draft): Ramp {
  const made: Ramp = {
    default: rest,
    ends,
    rules: rules.map(
      ({ segment, effect, route, percent, stage }): Rule => ({
        ...(segment === "" ? {} : { segment }),
        ...(effect === "" ? {} : { effect }),
        ...(route.trim() === "" ? {} : { route: route.trim() }),
        percent: Number(percent.trim()),
        stage,
      }),
    ),
  };
  // Letting ended keys through is only for a ramp that refuses nothing; there the choice is not shown.
  return refusesAny(made) ? { ...made, ends: "refused" } : made;
}

/** Whether both are the same ramp, however they are written. */
export function same(one: Ramp, other: Ramp): boolean {
  return JSON.stringify(rampOf(draftOf(one))) === JSON.stringify(rampOf(draftOf(other)));
}
