// All keys: searched, narrowed, paged; where one looks stands in the address.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Button, Card, Id, Time } from "../../../ui/basics";
import { Choice, Field, useDraft } from "../../../ui/forms";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { KeyStanding, keyStateWords, MEASURES, measureWords } from "../../../ui/measure";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { endShortWords, purposeWords, word } from "../../parts/words";
import "../../parts/terms.css";
import { keysWords } from "./words";

const STATES = ["requested", "active", "suspended", "expired", "rejected"] as const;
type State = (typeof STATES)[number];
type Measure = (typeof MEASURES)[number];
const isState = (text: string): text is State => (STATES as readonly string[]).includes(text);
const isMeasure = (text: string): text is Measure => (MEASURES as readonly string[]).includes(text);
/** So long after the last letter the search begins. */
const PAUSE_MS = 350;

function Search({ name, label, hint }: { name: string; label: string; hint: string }) {
  const [value, set] = useFilter(name);
  const [draft, setDraft] = useDraft(value);
  // The setter knows the address as it was rendered: an old one would undo what was chosen while somebody typed.
  const latest = useRef(set);
  latest.current = set;
  useEffect(() => {
    if (draft.trim() === value) return undefined;
    const timer = window.setTimeout(() => latest.current(draft.trim()), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [draft, value]);
  function submit(event: FormEvent) {
    event.preventDefault();
    set(draft.trim());
  }
  return (
    <form onSubmit={submit} className={name === "q" ? "wide" : undefined} role={name === "q" ? "search" : undefined}>
      <Field label={label} placeholder={hint} value={draft} onChange={setDraft} />
    </form>
  );
}

const over = (key: { state: string }) => key.state === "expired" || key.state === "rejected";

export function Keys() {
  const w = useWords(keysWords);
  const states = useWords(keyStateWords);
  const measures = useWords(measureWords);
  const purposes = useWords(purposeWords) as Record<string, unknown>;
  const causes = useWords(endShortWords) as Record<string, unknown>;
  const [, setSearch] = useSearchParams();
  const [q] = useFilter("q");
  const [state, setState] = useFilter("state");
  const [measure, setMeasure] = useFilter("measure");
  const [account] = useFilter("account");
  const [after] = useFilter("after");
  const found = useQuery({
    queryKey: ["keys", { q, state, measure, account, after }],
    queryFn: () =>
      good(
        api.GET("/v1/keys", {
          params: {
            query: {
              limit: 50,
              ...(q ? { q } : {}),
              ...(isState(state) ? { state } : {}),
              ...(isMeasure(measure) ? { measure } : {}),
              ...(account ? { account } : {}),
              ...(after ? { after } : {}),
            },
          },
        }),
      ),
    placeholderData: (before) => before,
  });
  const narrowed = q !== "" || state !== "" || measure !== "" || account !== "";
  return (
    <Page title={w.title}>
      <Card>
        <div className="stack">
          <div className="filters">
            <Search name="q" label={w.search} hint={w.searchHint} />
            <Choice
              label={w.state}
              value={isState(state) ? state : ""}
              of={[["", w.anyState] as const, ...STATES.map((one) => [one, states[one]] as const)]}
              onChange={setState}
            />
            <Choice
              label={w.measure}
              value={isMeasure(measure) ? measure : ""}
              of={[["", w.anyMeasure] as const, ...MEASURES.map((one) => [one, measures[one]] as const)]}
              onChange={setMeasure}
            />
            <Search name="account" label={w.account} hint={w.accountHint} />
            {narrowed ? (
              <Button look="quiet" onPress={() => setSearch(new URLSearchParams())}>
                {w.clear}
              </Button>
            ) : null}
          </div>
          <Read query={found}>
            {({ items, next }) =>
              items.length === 0 ? (
                narrowed ? (
                  <Empty title={w.empty} text={w.emptyText} />
                ) : (
                  <Empty title={w.none} text={w.noneText} />
                )
              ) : (
                <>
                  <Table
                    caption={w.title}
                    rows={items}
                    id={(key) => key.key}
                    columns={[
                      { head: w.key, cell: (key) => <Id id={key.key} to={`/keys/${encodeURIComponent(key.key)}`} /> },
                      {
                        head: w.account,
                        cell: (key) => <Link to={`/keys?account=${encodeURIComponent(key.account)}`}>{key.account}</Link>,
                      },
                      { head: w.application, cell: (key) => key.application },
                      { head: w.purpose, cell: (key) => <span className="one-line">{word(purposes, key.purpose)}</span> },
                      {
                        head: w.stands,
                        cell: (key) => <KeyStanding state={key.state} measure={key.measure} />,
                      },
                      {
                        head: w.lastUsed,
                        cell: (key) => (key.last_used ? <Time at={key.last_used} /> : <span className="muted">{w.never}</span>),
                      },
                      {
                        head: w.expires,
                        cell: (key) =>
                          // How an ended key ended; when it would have ended says nothing any more.
                          over(key) ? <span className="muted">{word(causes, key.cause)}</span> : <Time at={key.expires} />,
                      },
                    ]}
                  />
                  <Pages next={next} />
                </>
              )
            }
          </Read>
        </div>
      </Card>
    </Page>
  );
}
