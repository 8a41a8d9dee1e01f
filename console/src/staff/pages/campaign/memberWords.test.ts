// Letters of a campaign in words.
import { expect, test } from "vitest";
import { letterText } from "./memberWords";

test("every letter has a name, and what is none stands as it is", () => {
  expect(letterText("en", "announced")).toBe("Announced");
  expect(letterText("ko", "read_only")).toBe("제한 안내");
  expect(letterText("en", "read_only-14d").replaceAll("\u00a0", " ")).toMatch(/^14 days before the limit$/);
  expect(letterText("ko", "end-3d").replaceAll("\u00a0", " ")).toMatch(/^종료 3일 전 안내$/);
  expect(letterText("en", "end-soon")).toBe("end-soon");
  expect(letterText("en", "something")).toBe("something");
});
