// A key's use beside what is usual: of a living one up to now; of an ended one as of its end, and that it was used less at last is no word worth.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { instant } from "../../../i18n/format";
import { Spoken } from "../../../i18n/lang";
import { ActivityCards } from "./activity";
import type { KeyReads } from "./reads";
import { keyWords } from "./words";

afterEach(cleanup);

const w = keyWords.en;
const activity = {
  key: "K1",
  since: "2026-11-01T00:00:00Z",
  last_used: "2026-11-09T00:00:00Z",
  uses: 200,
  refused: 0,
  day_s: 86_400,
  sources: [],
  clients: [],
  routes: [],
  hours: Array.from({ length: 24 }, () => 0),
  recent: { since: "2026-11-09T00:00:00Z", uses: 0, sources: 1, clients: ["bot/1"], networks: ["Elsewhere"] },
  baseline: { since: "2026-11-01T00:00:00Z", uses_day: 24, sources: 1, clients: ["bot/1"], networks: ["Home"] },
  history: null,
};
const history = { from: "2026-08-01T00:00:00Z", to: "2026-10-31T00:00:00Z" };

function shown(over: boolean, data: unknown = activity): string {
  window.localStorage.setItem("sumun.lang", "en");
  const query = { data, status: "success", isSuccess: true, isPending: false, isError: false, error: null };
  const { container } = render(
    <QueryClientProvider client={new QueryClient()}>
      <Spoken>
        <ActivityCards reads={{ activity: query } as unknown as KeyReads} over={over} />
      </Spoken>
    </QueryClientProvider>,
  );
  return container.textContent ?? "";
}

test("a living key is held against now", () => {
  const said = shown(false);
  for (const text of [w.compare, w.now, w.less, w.fresh("Elsewhere")]) expect(said).toContain(text);
  expect(said).not.toContain(w.lastDay);
});

test("an ended key is held against the day before it ended", () => {
  const said = shown(true);
  for (const text of [w.compareEnded, w.lastDay, w.fresh("Elsewhere")]) expect(said).toContain(text);
  for (const text of [w.now, w.less, w.same]) expect(said).not.toContain(text);
});

test("history that only detection knows is said, and the first day here is not called the first", () => {
  const sentence = w.history(instant("en", history.to));
  expect(sentence).toMatch(/31.Oct.2026/);
  expect(shown(false)).not.toContain(sentence);
  expect(shown(false, { ...activity, history })).toContain(sentence);
  cleanup();
  const first = { ...activity, baseline: { since: null, uses_day: 0, sources: 0, clients: [], networks: [] } };
  expect(shown(false, first)).toContain(w.noBaseline);
  cleanup();
  const said = shown(false, { ...first, history });
  expect(said).toContain(w.noBaselineHere);
  expect(said).not.toContain(w.noBaseline);
  cleanup();
  const unused = { ...first, uses: 0, since: null, last_used: null };
  expect(shown(false, unused)).toContain(w.noUse);
  cleanup();
  const since = shown(false, { ...unused, history });
  expect(since).toContain(w.noUseHere);
  expect(since).not.toContain(w.noUse);
});

test("where nothing is listed each card says it by itself, and no use is claimed for the past", () => {
  const { noUseHere, seen } = w;
  const said = shown(false, { ...activity, uses: 0, since: null, last_used: null, history });
  // The second card has no sentence before it to which a "since" could point.
  expect(said.split(seen)[1]).toBe(noUseHere);
  expect(noUseHere).not.toMatch(/since|then/i);
  expect(keyWords.ko.noUseHere).not.toMatch(/그 뒤|이후/);
  for (const words of [keyWords.ko, keyWords.en]) expect(words.noUseHere).toMatch(/여기에|here/);
  expect(keyWords.en.history("X")).toMatch(/any use up to X/);
  expect(keyWords.ko.history("X")).toMatch(/X까지의 이용 내역이 있으면/);
});
