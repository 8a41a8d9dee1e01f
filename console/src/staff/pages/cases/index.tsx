// The queue: what to look at first, and all cases. Moved through by keyboard; opening one is a link, taking one a recorded act.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, good } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useMe } from "../../../api/session";
import { both, count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Time, useNow } from "../../../ui/basics";
import { Choice, Field, useDraft } from "../../../ui/forms";
import { Pages, useFilter } from "../../../ui/lists";
import { MeasureBadge } from "../../../ui/measure";
import { Page } from "../../../ui/shell";
import { Empty, Read, Refused } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { Hotkeys } from "../../parts/hotkeys";
import { type Case, type CaseBody, loose } from "../../parts/shapes";
import { useSuspicion } from "../../parts/suspicion";
import "../../parts/terms.css";
import { Who } from "../../parts/who";
import { caseWords, word } from "../../parts/words";
import { casesWords } from "./words";

type State = "open" | "closed" | "merged";
const STATES: readonly string[] = ["open", "closed", "merged"];
const isState = (text: string): text is State => STATES.includes(text);

/** Cases of which every key has ended. Only those can be that are under no measure, or under the last one: only of these it is asked. */
function useOver(of: readonly Case[]): { over: ReadonlySet<string>; settled: boolean } {
  const asked = of.filter((one) => {
    const measure = loose<CaseBody>(one.body).measure ?? null;
    return one.state === "open" && (measure === null || measure === "expire");
  });
  const found = useQueries({
    queries: asked.map(({ case_id }) => ({
      queryKey: ["cases", case_id, "plan"],
      queryFn: () => good(api.GET("/v1/cases/{case}/plan", { params: { path: { case: case_id } } })),
    })),
  });
  const over = asked.filter((_, index) => {
    const members = found[index]?.data?.members ?? [];
    return members.length > 0 && members.every((member) => member.state === "expired" || member.state === "rejected");
  });
  return { over: new Set(over.map(({ case_id }) => case_id)), settled: found.every((query) => !query.isPending) };
}

/** `states`: where not all of them are in the same one. */
function Rows({ of: all, states = false }: { of: Case[]; states?: boolean }) {
  const w = useWords(casesWords);
  const { lang } = useLang();
  const cases = useWords(caseWords) as Record<string, unknown>;
  const suspicion = useSuspicion();
  const now = useNow();
  const navigate = useNavigate();
  const say = useSay();
  const { session, has } = useMe();
  const { over, settled } = useOver(all);
  // Nothing presses where every key has ended: what does stands first. A list in order of time stays so.
  const of = states ? all : [...all].sort((one, other) => Number(over.has(one.case_id)) - Number(over.has(other.case_id)));
  // The case is remembered, not its place: the list may be renewed between looking and pressing a key.
  const [at, setAt] = useState<{ id: string; index: number }>({ id: "", index: 0 });
  const found = of.findIndex((one) => one.case_id === at.id);
  const here = found >= 0 ? found : Math.min(at.index, of.length - 1);
  const chosen = of[here];
  const mayTake = has("analyst", "approver", "compliance_lead");
  const take = useWrite(
    (one: string, key: string) =>
      good(
        api.POST("/v1/cases/{case}/assign", {
          params: { path: { case: one }, header: { "Idempotency-Key": key } },
          body: { assignee: session.principal },
        }),
      ),
    [["cases"], ["overview"]],
  );
  // It may leave the list with that: the way to it stays.
  const tell = (of: Case) => say(<Link to={`/cases/${encodeURIComponent(of.case_id)}`}>{w.taken(suspicion.sentence(of))}</Link>);
  function assign() {
    if (chosen === undefined || take.isPending) return;
    if (!mayTake) {
      say(w.notYours, "warn");
      return;
    }
    take.mutate(chosen.case_id, { onSuccess: () => tell(chosen) });
  }
  const move = (by: number) => {
    const index = Math.max(0, Math.min(of.length - 1, here + by));
    setAt({ id: of[index]?.case_id ?? "", index });
  };
  const id = chosen?.case_id ?? "";
  useEffect(() => {
    // What is looked at stays what it is while the list changes around it.
    if (at.id === "" && id !== "" && settled) setAt({ id, index: 0 });
  }, [at.id, id, settled]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row is looked at
  useEffect(() => {
    if (at.id !== "") document.querySelector("tr.here")?.scrollIntoView({ block: "nearest" });
  }, [id]);
  return (
    <div className="stack">
      <Hotkeys
        of={[
          { key: "j", does: w.down, run: () => move(1) },
          { key: "k", does: w.up, run: () => move(-1) },
          { key: "Enter", does: w.open, run: () => chosen && void navigate(`/cases/${encodeURIComponent(chosen.case_id)}`) },
          { key: "a", does: w.take, run: assign },
        ]}
      />
      {take.error ? <Refused error={take.error} /> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than the window is scrolled by keyboard too */}
      <section className="table-scroll" tabIndex={0} aria-label={w.title}>
        <table className="table queue">
          <caption className="visually-hidden">{w.title}</caption>
          <thead>
            <tr>
              {[w.priority, w.what, w.measures, w.opened, w.due, w.assignee, ...(states ? [w.state] : [])].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.map((one, index) => {
              const priority = suspicion.priority(one, over.has(one.case_id));
              const due = suspicion.due(one, now);
              const body = loose<CaseBody>(one.body);
              return (
                <tr
                  key={one.case_id}
                  className={index === here ? "here" : undefined}
                  aria-current={index === here ? "true" : undefined}
                >
                  <td className="priority" data-head={w.priority}>
                    <Badge tone={priority.tone}>{priority.word}</Badge>
                    <div className="muted">{priority.why}</div>
                  </td>
                  <td data-head={w.what}>
                    <Link to={`/cases/${encodeURIComponent(one.case_id)}`} title={one.case_id}>
                      {suspicion.sentence(one)}
                    </Link>
                  </td>
                  <td data-head={w.measures}>
                    {over.has(one.case_id) ? <span className="muted">–</span> : <MeasureBadge measure={body.measure} />}
                  </td>
                  <td data-head={w.opened}>
                    <Time at={one.opened} />
                  </td>
                  <td data-head={w.due}>
                    {due.overdue ? <Badge tone="expire">{suspicion.late}</Badge> : null}
                    <div className={due.overdue ? "muted" : undefined} title={one.due ? both(lang, one.due) : undefined}>
                      {due.when}
                    </div>
                  </td>
                  <td data-head={w.assignee}>
                    {one.assignee ? (
                      <Who by={one.assignee} />
                    ) : (
                      <Button
                        small
                        isPending={take.isPending && take.variables === one.case_id}
                        why={mayTake || one.state !== "open" ? undefined : suspicion.unassigned}
                        isDisabled={one.state !== "open"}
                        onPress={() => take.mutate(one.case_id, { onSuccess: () => tell(one) })}
                      >
                        {w.take}
                      </Button>
                    )}
                  </td>
                  {states ? <td data-head={w.state}>{word(cases, one.state)}</td> : null}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Queue() {
  const w = useWords(casesWords);
  const { lang } = useLang();
  const queue = useQuery({ queryKey: ["cases", "queue"], queryFn: () => good(api.GET("/v1/case-queue")) });
  return (
    <Read query={queue}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={w.emptyQueue} text={w.emptyQueueText} />
        ) : (
          <div className="stack">
            <p className="muted">{w.queueText(count(lang, items.length))}</p>
            <Rows of={items} />
          </div>
        )
      }
    </Read>
  );
}

/** A field of the address that is set on leaving it or with Enter, not with every letter. */
function Filter({ name, label, hint }: { name: string; label: string; hint: string }) {
  const [value, set] = useFilter(name);
  const [draft, setDraft] = useDraft(value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set(draft.trim());
      }}
    >
      <Field
        label={label}
        placeholder={hint}
        value={draft}
        onChange={setDraft}
        onBlur={() => draft.trim() !== value && set(draft.trim())}
      />
    </form>
  );
}

/** A bare name is that of somebody of the staff. */
const person = (name: string) => (name.includes(":") ? name : `user:${name}`);
/** A link may name keys that act together; what people type is a key. */
const about = (id: string) => (id.includes(":") ? id : `key:${id}`);

function All() {
  const w = useWords(casesWords);
  const cases = useWords(caseWords);
  const { session } = useMe();
  const [state, setState] = useFilter("state");
  const [assignee, setAssignee] = useFilter("assignee");
  const [subject] = useFilter("subject");
  const [after] = useFilter("after");
  const found = useQuery({
    queryKey: ["cases", "all", { state, assignee, subject, after }],
    queryFn: () =>
      good(
        api.GET("/v1/cases", {
          params: {
            query: {
              limit: 50,
              order: "newest",
              ...(isState(state) ? { state } : {}),
              ...(assignee ? { assignee: person(assignee) } : {}),
              ...(subject ? { subject: about(subject) } : {}),
              ...(after ? { after } : {}),
            },
          },
        }),
      ),
  });
  return (
    <div className="stack">
      <div className="filters">
        <Choice
          label={w.state}
          value={isState(state) ? state : ""}
          of={
            [
              ["", w.anyState],
              ["open", cases.open],
              ["closed", cases.closed],
              ["merged", cases.merged],
            ] as const
          }
          onChange={setState}
        />
        <Filter name="assignee" label={w.assignee} hint={w.assigneeHint} />
        <Filter name="subject" label={w.subject} hint={w.subjectHint} />
        <Button onPress={() => setAssignee(assignee === session.principal ? "" : session.principal)}>{w.mine}</Button>
      </div>
      <Read query={found}>
        {({ items, next }) => (
          <div className="stack">
            {items.length > 0 ? (
              <Rows of={items} states />
            ) : state === "" && assignee === "" && subject === "" && after === "" ? (
              <Empty title={w.none} text={w.noneText} />
            ) : (
              <Empty title={w.emptyAll} text={w.emptyAllText} />
            )}
            <Pages next={next} />
          </div>
        )}
      </Read>
    </div>
  );
}

export function Cases() {
  const w = useWords(casesWords);
  const [search] = useSearchParams();
  const all = search.get("view") === "all";
  return (
    <Page
      title={w.title}
      aside={
        <nav className="row" aria-label={w.views}>
          <Link to="/cases" className={`button small ${all ? "" : "primary"}`} aria-current={all ? undefined : "page"}>
            {w.queue}
          </Link>
          <Link to="/cases?view=all" className={`button small ${all ? "primary" : ""}`} aria-current={all ? "page" : undefined}>
            {w.all}
          </Link>
        </nav>
      }
    >
      <Card>{all ? <All /> : <Queue />}</Card>
    </Page>
  );
}
