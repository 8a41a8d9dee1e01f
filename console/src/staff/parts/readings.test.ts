// What rules looked at, in words of both languages.
import { expect, test } from "vitest";
import { readingSaid } from "./readings";

test.each([
  ["sharing.points", "1240", "공유 위험 합계: 1,240점", "sharing risk: 1,240 points"],
  ["family.origin", "97", "‘접속 위치’ 근거: 97점", "evidence of “Origin”: 97 points"],
  ["sharing.families_over(800)", "0", "800점 이상인 근거: 0가지", "kinds of evidence with 800 points or more: 0"],
  [
    'seen("foreign_address_in_use")',
    "0",
    "‘등록되지 않은 주소에서 계속된 사용’ 신호: 0점",
    "signal “Use from an address not registered”: 0 points",
  ],
  ["measure", "none", "지금 조치: 없음", "measure now: none"],
  ["measure", "reverify", "지금 조치: 재확인", "measure now: Re-verification"],
  ["in_measure_s", "350", "조치가 이어진 시간: 6분", "time under the measure: 6\u00a0mins"],
  ["hard.owner_denies", "true", "소유자가 본인 사용이 아니라고 답함: 예", "the owner says that somebody else used it: yes"],
  ["warning_ignored", "false", "경고에 기한까지 답이 없음: 아니요", "warning not answered in time: no"],
  ["key.age_days", "12", "key.age_days: 12", "key.age_days: 12"],
])("%s = %s", (name, value, ko, en) => {
  expect(readingSaid("ko", name, value).join(": ")).toBe(ko);
  expect(readingSaid("en", name, value).join(": ")).toBe(en);
});
