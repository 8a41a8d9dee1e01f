// What may stand in a reason.
import { expect, test } from "vitest";
import { asReason } from "./actFields";

test.each([
  ["전화로 확인했습니다.\n두 번째 줄", "전화로 확인했습니다.\n두 번째 줄"],
  ["one\r\ntwo\rthree", "one\ntwo\nthree"],
  ["a\tb\u202ec\u2028d\ufeffe\u0007f\u0085g", "a b c d e f g"],
])("%j becomes %j", (typed, kept) => {
  expect(asReason(typed)).toBe(kept);
});
