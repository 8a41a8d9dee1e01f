// The answer that is asked for at three in the morning: why was this key cut off? In words, by whom, since when at each gate, and the entry
// that proves it. Shown first for every key that is ended, restricted or watched.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, Pairs, Time } from "../../../ui/basics";
import { MeasureBadge } from "../../../ui/measure";
import { Obeyed } from "../../parts/measures";
import { ProofSteps } from "../../parts/proofSteps";
import { reasonSaid } from "../../parts/reasonSaid";
import type { KeyView, Measured } from "../../parts/shapes";
import { useSaid, useWho } from "../../parts/who";
import { deniedWords, endWords, word } from "../../parts/words";
import { groundsWords } from "../approval/groundsWords";
import { entryTitle } from "./history";
import type { Entry, History, KeyReads } from "./reads";
import { Reverified, useReverified } from "./reverified";
import { keyWords } from "./words";

const NOTHING: History = { entries: [], whole: false };

/** The entry by which it stands where it stands: the first since which it has stood there without a break. Of a past that was read in part,
 * undefined where the break lies before what was read. */
export function cutEntry(of: KeyView, { entries, whole }: History): Entry | undefined {
  const changes = entries.filter((one) => typeof one.state === "string");
  const same = (one: Entry) =>
    one.state === of.state && (of.state !== "active" || (one.measure ?? null) === (of.measure ?? null));
  const before = changes.findLastIndex((one) => !same(one));
  return before < 0 && !whole ? undefined : changes[before + 1];
}

function Gates({ entry, reads, measure }: { entry: Entry | undefined; reads: KeyReads; measure: Measured | undefined }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const receipts = (reads.receipts.data?.items ?? []).filter((one) => one.entry === entry?.index);
  if (receipts.length > 0) {
    return (
      <ul className="pieces">
        {receipts.map((one) => (
          <li key={one.receipt}>
            <Link to={`/gates/${encodeURIComponent(one.gate)}`}>{one.gate}</Link>: <Time at={one.received} full />
            <span className="muted"> · {w.gate(duration(lang, Math.max(0, one.took_ms)))}</span>
          </li>
        ))}
      </ul>
    );
  }
  return measure === undefined ? <span className="muted">{w.noReceipt}</span> : <Obeyed of={measure} />;
}

const DENIAL = "its owner says that it was not him";

/** Whether it ended by its owner's word that it was not he. */
function isDenied(of: KeyView, entry: Entry | undefined, reads: KeyReads): boolean {
  if (of.cause !== "leaked") return false;
  if ([of.reason, entry?.reason].includes(DENIAL) || entry?.class === "question.answered") return true;
  return reads.signals.items.some((one) => one.code === "secret_out_by_denial");
}

/** Who proposed and who agreed, where people decided it. */
function Deciders({ of }: { of: string }) {
  const w = useWords(keyWords);
  const who = useWho();
  const approval = useQuery({
    queryKey: ["approvals", of],
    queryFn: () => good(api.GET("/v1/approvals/{approval}", { params: { path: { approval: of } } })),
  });
  const agreed = (approval.data?.decisions ?? []).filter((one) => one.decision === "approve").map((one) => who(one.by));
  return (
    <span>
      {approval.data ? w.deciders(who(approval.data.requested_by), agreed.join(", ")) : "–"}{" "}
      <Link to={`/approvals/${encodeURIComponent(of)}`}>{w.seeApproval}</Link>
    </span>
  );
}

export function Verdict({ of, reads }: { of: KeyView; reads: KeyReads }) {
  const w = useWords(keyWords);
  const who = useWho();
  const said = useSaid();
  const { lang } = useLang();
  const denied = useWords(deniedWords);
  const grounds = useWords(groundsWords);
  const reverified = useReverified(of.key);
  const ends = useWords(endWords) as Record<string, unknown>;
  const over = of.state === "expired" || of.state === "rejected";
  if (!over && of.state !== "suspended" && !of.measure) return null;
  const entry = cutEntry(of, reads.timeline.data ?? NOTHING);
  const newest = [...(reads.measures.data?.items ?? [])].sort((one, other) => other.began.localeCompare(one.began));
  const wanted = of.state === "expired" ? "expire" : of.state === "suspended" ? "suspend" : of.measure;
  const measure = newest.find((one) => one.measure === wanted && one.state === "in_force");
  const before = over && measure === undefined ? newest[0] : undefined;
  const headline = over
    ? of.state === "rejected"
      ? w.rejected
      : isDenied(of, entry, reads)
        ? denied.denied
        : word(ends, of.cause)
    : of.state === "suspended"
      ? w.suspendedSaid
      : ({ hold: w.holdSaid, reverify: w.reverifySaid, warn: w.warnSaid, monitor: w.monitorSaid }[of.measure ?? ""] ?? "");
  const mild = !over && of.state !== "suspended" && (of.measure === "monitor" || of.measure === "warn");
  const title = over ? (of.state === "rejected" ? w.rejected : w.cutEnded) : mild ? w.watched : w.cutLimited;
  const own = measure ? said(measure.because) : "";
  const reason = own !== "" ? own : reasonSaid(lang, of.reason ?? entry?.reason ?? "");
  const lesser = measure && measure.measure !== "suspend" ? said(measure.lesser) : "";
  const by = measure?.by ?? entry?.actor;
  const approval = measure?.approval ?? null;
  const took = (ms: number | null | undefined) => (ms == null ? null : duration(lang, Math.max(0, ms)));
  return (
    <Card title={title}>
      <div className="stack">
        <p className="headline">
          {headline}
          {entry ? (
            <span className="muted">
              {" · "}
              <Time at={entry.at} full /> (<Time at={entry.at} />)
            </span>
          ) : null}
        </p>
        <Pairs
          of={[
            [
              w.because,
              reason === "" ? null : (
                <span key="why" className="preline">
                  {reason}
                </span>
              ),
            ],
            [
              w.lesser,
              lesser === "" ? null : (
                <span key="lesser" className="preline">
                  {lesser}
                </span>
              ),
            ],
            [w.decided, approval ? <Deciders key="by" of={approval} /> : by ? who(by) : null],
            [
              measure?.until && Date.parse(measure.until) < Date.now() ? w.wasUntil : w.until,
              measure?.until && !over ? (
                <span key="until">
                  <Time at={measure.until} /> · <Time at={measure.until} full />
                </span>
              ) : null,
            ],
            [grounds.reverification, reverified ? <Reverified key="reverified" of={reverified} /> : null],
            [w.reviewer, !over && of.review_by ? who(of.review_by) : null],
            [w.gates, <Gates key="gates" entry={entry} reads={reads} measure={measure} />],
            [
              w.case,
              (measure ?? before) ? (
                <Id
                  key="case"
                  id={(measure ?? before)?.case_id ?? ""}
                  to={`/cases/${encodeURIComponent((measure ?? before)?.case_id ?? "")}`}
                />
              ) : null,
            ],
            [w.fromSuspicion, took(measure?.suspicion_to_effect_ms)],
            [w.fromDecision, took(measure?.decision_to_effect_ms)],
            [w.atEnd, of.measure_at_end ? <MeasureBadge key="before" measure={of.measure_at_end} /> : null],
            [
              w.entry,
              entry ? (
                <span key="entry">
                  <Link to={`/ledger/${entry.index}`}>{w.entryNo(count(lang, entry.index))}</Link> · {entryTitle(lang, entry)}
                </span>
              ) : null,
            ],
          ]}
        />
        {entry === undefined ? null : <ProofSteps entry={entry.index} />}
      </div>
    </Card>
  );
}
