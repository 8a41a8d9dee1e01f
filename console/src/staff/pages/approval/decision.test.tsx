// Where a forced end is agreed to, what its owner is told was found stands there: whoever agrees, agrees to that too.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test } from "vitest";
import { type Session, SignedIn } from "../../../api/session";
import { Spoken } from "../../../i18n/lang";
import { groundRead } from "../../parts/ground";
import type { Approval } from "../../parts/shapes";
import { Decision } from "./decision";
import { approvalWords } from "./words";

afterEach(cleanup);

const w = approvalWords.ko;
const session = { principal: "user:joon", roles: ["approver"] } as unknown as Session;
const approval = (over: Record<string, unknown>) =>
  ({
    approval: "P1",
    state: "open",
    action: "key.expire",
    requested_by: "user:mina",
    due: "2999-01-01T00:00:00Z",
    needed: [{ role: "approver", count: 2 }],
    decisions: [],
    request: { key: "K1" },
    ...over,
  }) as unknown as Approval;

function pressed(of: Approval, what: string): string {
  window.localStorage.setItem("sumun.lang", "ko");
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Spoken>
        <MemoryRouter>
          <SignedIn session={session}>
            <Decision of={of} lookedAt={undefined} lookedMs={0} worksCase={false} />
          </SignedIn>
        </MemoryRouter>
      </Spoken>
    </QueryClientProvider>,
  );
  act(() => void fireEvent.click(screen.getByRole("button", { name: what })));
  return screen.getByRole("dialog").textContent ?? "";
}

test("the approver's form says the ground in the owner's words", () => {
  const said = pressed(approval({ request: { key: "K1", ground: "used_by_others" } }), w.approve);
  expect(said).toContain(groundRead.ko.used_by_others);
  expect(said).not.toContain(groundRead.ko.secret_out);
});

test("and that none is named, where none is", () => {
  expect(pressed(approval({}), w.approve)).toContain("확인 내용을 따로 고르지 않았습니다");
});

test("a refusal tells the owner nothing, nor does what ends no key", () => {
  const ground = { key: "K1", ground: "used_by_others" };
  expect(pressed(approval({ request: ground }), w.refuse)).not.toContain(groundRead.ko.used_by_others);
  cleanup();
  expect(pressed(approval({ action: "key.widen", request: ground }), w.approve)).not.toContain(groundRead.ko.used_by_others);
});
