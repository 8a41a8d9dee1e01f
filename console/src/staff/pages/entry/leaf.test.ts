// Kind and time as a proof's leaf has them.
import { expect, test } from "vitest";
import { leafOf } from "./leaf";

const proof = (leaf: string) => `c2sp.org/tlog-proof@v1\nextra ${window.btoa(leaf)}\nindex 7\n\ncheckpoint\n`;

test("a leaf tells kind and time, to the microsecond", () => {
  const leaf = "sumun-leaf/v1\nkey.expired\n1763687400231209\n990e\n";
  expect(leafOf(proof(leaf))).toEqual({ class: "key.expired", sequenced: "2025-11-21T01:10:00.231209Z" });
});

test("what is no leaf tells nothing", () => {
  expect(leafOf(proof("another"))).toBeNull();
  expect(leafOf("index 7\n")).toBeNull();
});
