import { expect, test } from "vitest";
import { clockInKorea, dayInKorea, inKorea } from "./when";

test("times are Korean time, and say so", () => {
  const at = "2027-02-17T15:05:20.123456Z";
  expect(inKorea("en", at)).toBe("18 Feb 2027, 00:05 KST");
  expect(inKorea("ko", at)).toBe("2027년 2월 18일 00:05(한국\u00a0시간)");
  expect(dayInKorea("en", at)).toBe("18 Feb 2027");
  expect(dayInKorea("ko", at)).toBe("2027년 2월 18일");
  expect(clockInKorea(Date.parse(at))).toBe("00:05:20");
  expect(inKorea("en", "no time")).toBe("no time");
});
