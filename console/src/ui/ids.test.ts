// Ids as pages show them.
import { expect, test } from "vitest";
import { shortId, withShortIds } from "./ids";

test.each([
  ["K065c6dc797581b7a5d2ebe1cdfc1d6aa", "K065c6…c1d6aa"],
  ["C0660bee8fa1b2c3d4a83cad", "C0660b…a83cad"],
  ["t-compliance-lead", "t-compliance-lead"],
  ["demo@2", "demo@2"],
  ["A21", "A21"],
  ["none", "none"],
])("%s is shown as %s", (id, shown) => expect(shortId(id)).toBe(shown));

test("ids in a sentence are shown as everywhere", () => {
  expect(withShortIds("키 K065c6dc797581b7a5d2ebe1cdfc1d6aa의 사용, 203.0.113.9에서")).toBe(
    "키 K065c6…c1d6aa의 사용, 203.0.113.9에서",
  );
  expect(withShortIds("Your key K065c6dc797581b7a5d2ebe1cdfc1d6aa.")).toBe("Your key K065c6…c1d6aa.");
});
