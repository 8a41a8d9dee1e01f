// What is asked of him, on top and by deadline; then what he was told of it and of what is over, the newest first; then his objections.
import { Link } from "react-router";
import { useWords } from "../../../i18n/lang";
import { Badge, LinkButton, Time, type Tone } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { Read } from "../../parts/act";
import { tellsOfOpen, waiting } from "../../parts/reading";
import { KeyName } from "../../parts/sentences";
import { isOver } from "../../parts/standing";
import { Todo } from "../../parts/todo";
import {
  type NoticeView,
  type ObjectionView,
  useKeys,
  useNotices,
  useObjections,
  useQuestions,
  useVerifications,
} from "../../reads";
import { useNoticeTitle } from "./title";
import { noticesWords } from "./words";

export function Notices() {
  const w = useWords(noticesWords);
  const notices = useNotices();
  const keys = useKeys().data ?? [];
  const objections = useObjections();
  const over = new Set(keys.filter(isOver).map(({ key }) => key));
  const still = <T extends { key: string; state: string }>(all: readonly T[] | undefined) =>
    (all ?? []).filter(({ key, state }) => state === "open" && !over.has(key));
  const questions = still(useQuestions().data);
  const verifications = still(useVerifications().data);
  return (
    <Page title={w.title}>
      {notices.data?.length ? <Todo asked /> : null}
      <Read query={notices}>
        {(all) => {
          if (all.length === 0) {
            return (
              <Empty title={w.empty} text={w.emptyText}>
                <LinkButton to="/">{w.toKeys}</LinkButton>
              </Empty>
            );
          }
          // What waits to be read stands above already.
          const waits = waiting(all, keys);
          const open = all.filter((notice) => tellsOfOpen(notice, questions, verifications));
          const earlier = all.filter((notice) => !waits.includes(notice) && !open.includes(notice));
          return (
            <>
              {open.length === 0 ? null : (
                <section className="stack tight">
                  <h2>{w.open}</h2>
                  <List of={open} />
                </section>
              )}
              {earlier.length === 0 ? null : (
                <section className="stack tight">
                  <h2>{w.earlier}</h2>
                  <List of={earlier} />
                </section>
              )}
            </>
          );
        }}
      </Read>
      {objections.data?.length ? (
        <section className="stack tight">
          <h2>{w.objections}</h2>
          <ul className="plainlist">
            {objections.data.map((one) => (
              <li key={one.objection} className="card">
                <div className="row spread">
                  <Link to={`/notices/${one.notice}`}>
                    {one.key ? <KeyName of={one.key} link={false} /> : null} <Time at={one.at} />
                  </Link>
                  <ObjectionState of={one} />
                </div>
                <p className="preline">{one.text}</p>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </Page>
  );
}

function List({ of }: { of: NoticeView[] }) {
  const w = useWords(noticesWords);
  const title = useNoticeTitle();
  return (
    <ul className="plainlist">
      {of.map((notice) => (
        <li key={notice.notice}>
          <Link to={`/notices/${notice.notice}`} className="notice rowlink">
            <strong>{title(notice.kind)}</strong>
            <span className="muted">
              {notice.key ? <KeyName of={notice.key} link={false} /> : null} · <Time at={notice.created} />
              {notice.acknowledged ? ` · ${w.done}` : ""}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function ObjectionState({ of }: { of: ObjectionView }) {
  const w = useWords(noticesWords);
  const states: Record<string, [Tone, string]> = {
    received: ["plain", w.received],
    in_review: ["monitor", w.in_review],
    upheld: ["good", w.upheld],
    not_upheld: ["warn", w.not_upheld],
  };
  const [tone, text] = states[of.state] ?? ["plain", of.state];
  return <Badge tone={tone}>{text}</Badge>;
}
