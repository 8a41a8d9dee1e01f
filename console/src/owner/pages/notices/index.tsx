// All that he was told, the newest first; what waits for his word stands on top. Then his objections and how they stand.
import { Link } from "react-router";
import { useWords } from "../../../i18n/lang";
import { Badge, Time, type Tone } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { Read } from "../../parts/act";
import { waiting } from "../../parts/reading";
import { KeyName } from "../../parts/sentences";
import { type NoticeView, type ObjectionView, useKeys, useNotices, useObjections } from "../../reads";
import { useNoticeTitle } from "./title";
import { noticesWords } from "./words";

export function Notices() {
  const w = useWords(noticesWords);
  const notices = useNotices();
  const keys = useKeys().data ?? [];
  const objections = useObjections();
  return (
    <Page title={w.title}>
      <Read query={notices}>
        {(all) => {
          const waits = waiting(all, keys);
          const earlier = all.filter((notice) => !waits.includes(notice));
          if (all.length === 0) return <Empty title={w.empty} text={w.emptyText} />;
          return (
            <>
              {waits.length === 0 ? null : (
                <section className="stack tight">
                  <h2>{w.waits}</h2>
                  <List of={waits} waits />
                </section>
              )}
              {earlier.length === 0 ? null : (
                <section className="stack tight">
                  {waits.length === 0 ? null : <h2>{w.earlier}</h2>}
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

function List({ of, waits = false }: { of: NoticeView[]; waits?: boolean }) {
  const w = useWords(noticesWords);
  const title = useNoticeTitle();
  return (
    <ul className="plainlist">
      {of.map((notice) => (
        <li key={notice.notice}>
          <Link to={`/notices/${notice.notice}`} className={waits ? "notice warn rowlink" : "notice rowlink"}>
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
