// Tabs share one line: one holds it, all hear it, and when it goes another takes over and says that something may have been missed.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow, type Said } from "./line";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static all: Source[] = [];
  closed = false;
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Source.all.push(this);
  }
  close() {
    this.closed = true;
  }
}

/** One lock at a time, in the order of asking: what a browser does with locks of one name. */
class Locks {
  waits: (() => Promise<void>)[] = [];
  busy = false;
  async request(_name: string, _options: unknown, held: () => Promise<void>) {
    this.waits.push(held);
    await this.next();
  }
  async next(): Promise<void> {
    if (this.busy) return;
    const held = this.waits.shift();
    if (held === undefined) return;
    this.busy = true;
    await held();
    this.busy = false;
    await this.next();
  }
}

class Channel extends EventTarget {
  static all: Channel[] = [];
  constructor(readonly name: string) {
    super();
    Channel.all.push(this);
  }
  postMessage(data: unknown) {
    for (const one of Channel.all)
      if (one !== this && one.name === this.name) one.dispatchEvent(new MessageEvent("message", { data }));
  }
  close() {
    Channel.all = Channel.all.filter((one) => one !== this);
  }
}

beforeEach(() => {
  Source.all = [];
  Channel.all = [];
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.stubGlobal("navigator", { locks: new Locks() });
});
afterEach(() => vi.unstubAllGlobals());

function tab() {
  const heard: Said[] = [];
  return { heard, leave: follow("/v1/live", (said) => heard.push(said)) };
}
const source = (n: number): Source => Source.all.at(n) ?? new Source("none");

test("one line for all, heard by all; who comes later is told how it is", () => {
  const [one, two] = [tab(), tab()];
  source(0).dispatchEvent(new Event("open"));
  source(0).dispatchEvent(new MessageEvent("changed", { data: "x" }));
  const three = tab();
  expect(Source.all).toHaveLength(1);
  const told = [
    { is: "open", anew: true },
    { is: "changed", data: "x" },
  ];
  // The answer goes to all: those who knew hear once more that it is open, and that nothing was missed.
  const open = { is: "open", anew: false };
  expect([one.heard, two.heard, three.heard]).toEqual([told, [...told, open], [open]]);
});

test("when the tab that holds it goes, the next one opens it anew and says so to the others", async () => {
  const [one, two, three] = [tab(), tab(), tab()];
  source(0).dispatchEvent(new Event("open"));
  one.leave();
  await vi.waitFor(() => expect(Source.all).toHaveLength(2));
  expect(source(0).closed).toBe(true);
  source(1).dispatchEvent(new Event("open"));
  expect([two.heard.at(-1), three.heard.at(-1)]).toEqual([
    { is: "open", anew: true },
    { is: "open", anew: true },
  ]);
  expect(one.heard).toHaveLength(1);
});

test("what another program says on the channel is not heard", () => {
  tab();
  const two = tab();
  const stranger = new Channel("live /v1/live");
  for (const said of [null, 7, "open", {}, { is: "gone" }, { is: "changed" }]) stranger.postMessage(said);
  expect(two.heard).toEqual([]);
});

test("without locks each tab has its own", () => {
  vi.stubGlobal("navigator", {});
  tab();
  tab();
  expect(Source.all).toHaveLength(2);
});
