// What pages work out by themselves before they show it.
import { expect, test } from "vitest";
import { readAcknowledgement } from "./gate/acknowledgement";
import { findingOf } from "./gate/canaries";
import { pageBefore, readCheckpoint } from "./ledger/checkpoint";
import { base64 } from "./overview/head";
import { inOrder } from "./policies";
import { offsetOf } from "./policies/propose";
import { joined, type Tried } from "./policies/trial";
import { groupsOf, linesOf, markOf } from "./policy/differs";

test("a checkpoint's first three lines", () => {
  const text = "sumun.example/example\n44\nGYoiVEE6UueOlnJ0msGVDePY/T6hqSjxz/3QYT3QmEQ=\n\n— sumun.example/example WsYAgf==\n";
  expect(readCheckpoint(text)).toEqual({
    origin: "sumun.example/example",
    size: 44,
    root: "GYoiVEE6UueOlnJ0msGVDePY/T6hqSjxz/3QYT3QmEQ=",
    text,
  });
  expect(readCheckpoint("").size).toBe(0);
});

test.each([
  [1, { limit: 1 }],
  [100, { limit: 100 }],
  [101, { after: 0, limit: 100 }],
  [170, { after: 69, limit: 100 }],
])("the page of entries before %d", (before, query) => expect(pageBefore(before)).toEqual(query));

test("a root reads as in the checkpoint", () => expect(base64("00ff10")).toBe("AP8Q"));

test("differences: one language of two, marked by what they do", () => {
  const both = ["a@1 → a@2", "The whole policy", "  [looser] x", "a@1 → a@2", "정책 전체", "  [완화] x"];
  expect(linesOf("en", both)).toEqual(["a@1 → a@2", "The whole policy", "  [looser] x"]);
  expect(linesOf("ko", both)).toEqual(["a@1 → a@2", "정책 전체", "  [완화] x"]);
  expect(linesOf("ko", ["-b", "+x"])).toEqual(["-b", "+x"]);
  expect(both.map(markOf)).toEqual(["heading", "heading", "looser", "heading", "heading", "looser"]);
  expect(groupsOf(linesOf("ko", both))).toEqual([{ heading: "정책 전체", lines: ["  [완화] x"] }]);
  expect(groupsOf(["-b", "+x"])).toEqual([{ heading: "", lines: ["-b", "+x"] }]);
  expect(["[강화] y", "-b"].map(markOf)).toEqual(["stricter", "plain"]);
});

test("a dry run in parts adds up", () => {
  const part = (checked: number, next: string | null): Tried => ({
    policy: "p@1",
    checked,
    counts: [{ measure: "warn", now: 1, would: 2, proposed_now: 0, proposed_would: 1 }],
    changed: [{ key: `K${checked}`, account: "A1" }],
    changed_total: 1,
    problems: [],
    next,
  });
  const whole = joined(joined(null, part(3, "K3")), part(4, null));
  expect(whole).toMatchObject({ checked: 7, changed_total: 2, next: null });
  expect(whole.counts).toEqual([{ measure: "warn", now: 2, would: 4, proposed_now: 0, proposed_would: 2 }]);
  expect(whole.changed.map((one) => one.key)).toEqual(["K3", "K4"]);
});

test("a problem's place in a text", () => {
  expect(offsetOf("ab\ncd", 2, 2)).toBe(4);
  expect(offsetOf("ab\ncd", 9, 1)).toBe(5);
});

test("what is in force stands first", () => {
  const of = (policy: string, state: string, proposed: string) => ({
    policy,
    state,
    proposed,
    proposed_by: "",
    digest: "",
    version: 1,
  });
  const rows = [of("a@1", "retired", "1"), of("a@3", "proposed", "3"), of("a@4", "proposed", "4"), of("a@2", "active", "2")];
  expect(inOrder(rows).map((row) => row.policy)).toEqual(["a@2", "a@4", "a@3", "a@1"]);
});

test("an acknowledgement that cannot be read says nothing", () => {
  const said = btoa(JSON.stringify({ applied_at: "2026-11-20T12:00:00Z", streams_closed: 2, last_admitted: [{ key: "K1" }, 7] }));
  expect(readAcknowledgement(`head.${said}.sign`)).toEqual({
    applied: "2026-11-20T12:00:00Z",
    signed: null,
    streams: 2,
    keys: ["K1"],
  });
  for (const bad of ["", "a", "a.%.c", `a.${btoa("null")}.c`]) expect(readAcknowledgement(bad).keys).toEqual([]);
});

test("the last finding at a gate counts", () => {
  const findings = [
    { gate: "g1", answered: "unclear" },
    { gate: "g2", answered: "obeyed" },
    { gate: "g1", answered: "obeyed" },
  ];
  expect(findingOf(findings, "g1")?.answered).toBe("obeyed");
  expect(findingOf(null, "g1")).toBeNull();
});
