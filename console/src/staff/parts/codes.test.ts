// Words for every code that the server may send to these pages. The lists are read where they are made, so that a new code without words fails
// here and not on somebody's screen.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { actorText } from "../../ui/actors";
import { classWords } from "../../ui/classes";
import { keyStateWords, measureWords } from "../../ui/measure";
import { roleWords } from "../../ui/roles";
import { onRecordWords } from "../pages/case/onRecord";
import { caseWordsOfPage } from "../pages/case/words";
import { driftWords } from "../pages/drift/words";
import { isNamed, TECHNICAL } from "../pages/entry/fields";
import { keyWords } from "../pages/key/words";
import { rampWords } from "../pages/ramp/words";
import { detectorName, detectorWords } from "./detectorNames";
import { effectWords, stageWords } from "./rampText";
import { OWN_REASONS, reasonSaid, ruleTitle, withoutCodes } from "./reasonSaid";
import { signalWords } from "./signalNames";
import {
  actionWords,
  approvalStateWords,
  caseWords,
  causeWords,
  familyWords,
  hardWords,
  measureStateWords,
  memberWords,
  noticeStateWords,
  purposeWords,
  scopeWords,
  segmentWords,
  stepWords,
  word,
} from "./words";

const CRATES = "../crates";
const read = (path: string) => readFileSync(join(CRATES, path), "utf8");

/** Every source of a crate but its tests. */
function sources(folder: string): string[] {
  return readdirSync(join(CRATES, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "tests" || entry.name === "testing" ? [] : sources(path);
    return entry.name.endsWith(".rs") && !/tests?\.rs$/.test(entry.name) ? [read(path).split("#[cfg(test)]")[0] ?? ""] : [];
  });
}
const all = (texts: string[], shape: RegExp) => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(shape)].map((match) => match[1] ?? ""))),
];

const schemas = (JSON.parse(readFileSync("../docs/openapi.json", "utf8")) as { components: { schemas: Record<string, Schema> } })
  .components.schemas;
type Schema = { enum?: string[]; properties?: Record<string, { description?: string }> };
const enumOf = (name: string) => schemas[name]?.enum ?? [];
/** Words that the description of a field names, such as `` `open` or `closed` ``. */
/** Codes named by a field: those that its first sentence lists; what follows may name other fields. */
const named = (schema: string, field: string) =>
  [...((schemas[schema]?.properties?.[field]?.description ?? "").split(". ", 1)[0]?.matchAll(/`([a-z_]+)`/g) ?? [])].map(
    (match) => match[1] ?? "",
  );
/** An enum of the model, spelt `Name = "word"`. */
const modelOf = (name: string) => {
  const text = sources("model/src").find((one) => one.includes(`pub enum ${name} (`)) ?? "";
  const body = text.slice(text.indexOf(`pub enum ${name} (`));
  return all([body.slice(0, body.indexOf("}"))], /= "([a-z_]+)"/g);
};

type Said = { ko: object; en: object };
const lists: [what: string, codes: string[], words: Said, prefix?: string][] = [
  ["states of a key", enumOf("KeyStateWord"), keyStateWords],
  ["roles", enumOf("StaffRole"), roleWords],
  ["purposes", enumOf("PurposeWord"), purposeWords],
  ["rights", enumOf("ScopeWord"), scopeWords],
  ["segments", enumOf("SegmentWord"), segmentWords],
  ["states of an approval", enumOf("ApprovalStateWord"), approvalStateWords],
  ["effects of a route", enumOf("EffectWord"), keyWords],
  ["choices about a member", enumOf("ChoiceWord"), caseWordsOfPage],
  ["outcomes", enumOf("OutcomeWord"), caseWords],
  ["states of a case", named("CaseView", "state"), caseWords],
  ["thoughts of a member", named("MemberView", "state"), memberWords],
  ["states of a measure", named("MeasureView", "state"), measureStateWords],
  ["measures", named("MeasureView", "measure"), measureWords],
  ["states of a notice", named("NoticeView", "state"), noticeStateWords],
  ["tasks", named("TaskView", "kind"), caseWordsOfPage],
  ["causes", modelOf("Cause"), causeWords],
  ["families", modelOf("Family"), familyWords],
  ["hard evidence", modelOf("Hard"), hardWords],
  ["steps", all([read("govern/src/cases/playbook.rs").split("const STEPS")[1] ?? ""], /^ {4}\("([a-z_]+)", /gm), stepWords],
  [
    "actions",
    all(
      sources("govern/src"),
      /"((?:key|vendor|user|venue|token|policy|ramp)\.(?:grant|widen|expire|measure|approve|roles|adopt|make|activate|set))"/g,
    ),
    actionWords,
  ],
  ["classes of entries", all(sources("govern/src"), /\b(?:change|told)\(\s*(?:actor,\s*)?"([a-z]+\.[a-z_]+)"/g), classWords],
  ["signals", all([read("policy/src/explain/signal_words.rs")], /^ {4}\("([a-z_]+)", /gm), signalWords],
  ["detectors", all(sources("detect/src"), /"((?:key|operator|market)\.[a-z_]+)@\d+"/g), detectorWords],
  ["kinds of drift", named("DriftItemView", "kind"), driftWords],
  ["attributes of drift", named("DriftItemView", "attribute"), driftWords, "a_"],
  ["whose word counts", named("DriftItemView", "authority"), driftWords, "r_"],
  ["what follows from drift", named("DriftItemView", "kind"), driftWords, "t_"],
  ["stages of a ramp", enumOf("StageWord"), stageWords],
  ["effects in a ramp", enumOf("EffectWord"), effectWords],
  ["what a gate says of a ramp", named("RampGateView", "state"), rampWords, "g_"],
  ["what happens in a case", all(sources("govern/src/cases"), /(?:event\(\s*|Some\()"([a-z_]+)"/g), caseWordsOfPage, "k_"],
];

describe("words for every code", () => {
  test.each(lists)("%s", (_, codes, words, prefix = "") => {
    expect(codes.length).toBeGreaterThan(1);
    for (const lang of ["ko", "en"] as const) {
      const said = words[lang] as Record<string, unknown>;
      expect(codes.filter((code) => typeof said[`${prefix}${code}`] !== "string")).toEqual([]);
    }
  });

  test("facts of an entry", () => {
    const names = all(sources("govern/src"), /facts\s*\.insert\(\s*"([a-z_]+)"/g);
    expect(names.length).toBeGreaterThan(10);
    const above = ["actor", "reason", "roles"];
    expect(names.filter((name) => !above.includes(name) && !TECHNICAL.has(name) && !isNamed("", name))).toEqual([]);
  });

  test("what the record itself says of a step", () => {
    const codes = all([read("govern/src/cases/playbook.rs")], /code: "([a-z_]+)"/g);
    expect(codes.length).toBeGreaterThan(0);
    for (const said of [onRecordWords.ko, onRecordWords.en] as Record<string, unknown>[]) {
      expect(codes.filter((code) => said[code] === undefined)).toEqual([]);
    }
  });

  test("parts of Sumun that act by themselves", () => {
    const govern = sources("govern/src");
    const parts = [...all(govern, /"system:([a-z]+)"/g), ...all(govern, /\bsystem\("([a-z]+)"\)/g)];
    expect(parts).toContain("detect");
    for (const lang of ["ko", "en"] as const) {
      expect(parts.filter((part) => actorText(lang, `system:${part}`).includes(`(${part})`))).toEqual([]);
    }
  });

  test("reasons that the record itself gives", () => {
    const texts = sources("govern/src");
    const plain = [
      ...all(texts, /\breason: "([^"]+)"/g),
      ...all(texts, /reason: Some\("([^"]+)"\)/g),
      ...all(texts, /principal, "([^"]+)"\)/g),
      ...all(texts, /how, Some\("([^"]+)"\)/g),
    ];
    expect(plain).toContain("it lapsed");
    expect(plain.filter((reason) => OWN_REASONS[reason] === undefined)).toEqual([]);
    // As older records have it: both languages in one text.
    const both =
      "on record: asked about requests with this key, its owner said that it was not him · 기록: 키 소유자가 본인이 아니라고 답함";
    expect(reasonSaid("ko", both)).toBe("기록: 키 소유자가 본인이 아니라고 답함");
    expect(reasonSaid("en", both)).toMatch(/^On record: [^·]+ somebody else had made them$/);
    expect(reasonSaid("ko", "Seen by mina · 미나가 봄")).toBe("Seen by mina · 미나가 봄");
  });
});

test("sentences of the server keep no codes", () => {
  const said = "Evidence is clear. Rule `some_risk` is met: the signal `odd_thing` has at least 5 points.";
  expect(withoutCodes("en", said)).toBe("Evidence is clear. Its rule is met: the signal ‘odd thing’ has at least 5 points.");
  expect(withoutCodes("ko", "근거가 뚜렷함. 규칙 `some_risk` 충족: 5점 이상.")).toBe("근거가 뚜렷함. 규칙 충족: 5점 이상.");
  expect(withoutCodes("en", "People approved the proposed hold of rule `some_risk`.")).toBe(
    "People approved the proposed hold of its rule.",
  );
});

test("a rule is called by its title", () => {
  expect(ruleTitle("Evidence is clear. Rule `some_risk` is met: 5 points.", "some_risk")).toBe("Evidence is clear");
  expect(ruleTitle("근거가 뚜렷함. 규칙 `some_risk` 충족: 5점 이상.", "some_risk")).toBe("근거가 뚜렷함");
  expect(ruleTitle("People approved the proposed hold of rule `some_risk`.", "some_risk")).toBeNull();
});

test("what has no words yet can still be read", () => {
  expect(word({}, "one_kind_on_many_days")).toBe("one kind on many days");
  expect(word({}, "127.0.0.1")).toBe("127.0.0.1");
  expect(detectorName("en", "market.wash_trades@2")).toBe("market wash trades (version 2)");
});
