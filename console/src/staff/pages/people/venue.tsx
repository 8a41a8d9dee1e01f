// The venue's own facts as they are in force. They are changed in a file and proposed by a command, so that the change can be reviewed as one.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { words } from "../../../i18n/words";
import { Card, Command, Id, Pairs, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Raw } from "../../../ui/raw";
import { rolesText } from "../../../ui/roles";
import { Read } from "../../../ui/states";
import { segmentWords } from "../policy/segments";
import { peopleWords } from "./words";

/** Names of the venue's clocks, as its file has them. */
const clockWords = words(
  {
    approval_due_days: "승인 대기 (일)",
    hold_due_hours: "일시 제한 검토 기한 (시간)",
    hold_due_minutes: "일시 제한 검토 기한 (분)",
    invite_hours: "초대 유효 기간 (시간)",
    session_hours: "로그인 유지 (시간)",
    session_idle_minutes: "사용하지 않으면 로그아웃 (분)",
    token_life_days_max: "시스템 토큰 최장 유효 기간 (일)",
    vendor_recertify_days: "외부 업체 재심사 (일)",
  },
  {
    approval_due_days: "An approval waits (days)",
    hold_due_hours: "A hold is reviewed within (hours)",
    hold_due_minutes: "A hold is reviewed within (minutes)",
    invite_hours: "An invite holds (hours)",
    session_hours: "A session lasts (hours)",
    session_idle_minutes: "Signed out when idle (minutes)",
    token_life_days_max: "A system token lasts at most (days)",
    vendor_recertify_days: "Vendors are looked at anew (days)",
  },
);

/** Families of exchange APIs by their own names. */
const DIALECTS: Record<string, string> = { upbit: "Upbit" };

type Needed = { role?: string; count?: number };
type Rules = {
  keys_per_account_max?: number;
  key_life_days_max?: number;
  address_proof_required?: boolean;
  approvals?: Record<string, Needed[]>;
};
type Facts = {
  name?: { ko?: string; en?: string };
  dialect?: string;
  clocks?: Record<string, number>;
  expiry?: { approvals?: Needed[] };
  segments?: Record<string, Rules>;
  terms?: { version?: string; effective?: string; ko?: string; en?: string };
};

export function Venue() {
  const w = useWords(peopleWords);
  const named: Record<string, string> = useWords(segmentWords);
  const clocks: Record<string, string> = useWords(clockWords);
  const { lang } = useLang();
  const query = useQuery({ queryKey: ["venue"], queryFn: () => good(api.GET("/v1/venue")) });
  const needed = (list: Needed[] | undefined) =>
    list === undefined || list.length === 0
      ? "–"
      : list.map((one) => w.roleTimes(rolesText(lang, one.role ?? "?", one.count ?? 1), count(lang, one.count ?? 1))).join(", ");
  return (
    <Read query={query}>
      {(venue) => {
        const facts = (venue.facts ?? {}) as Facts;
        return (
          <div className="stack">
            <p className="muted">{w.venueAbout}</p>
            {venue.waits_for == null ? null : (
              <p className="notice monitor">
                {w.venueWaits} <Link to={`/approvals/${encodeURIComponent(venue.waits_for)}`}>{w.toApproval}</Link>
              </p>
            )}
            <div className="grid">
              <Card title={facts.name?.[lang] ?? venue.venue}>
                <Pairs
                  of={[
                    [w.venueId, <code>{venue.venue}</code>],
                    [w.dialect, facts.dialect === undefined ? null : (DIALECTS[facts.dialect] ?? facts.dialect)],
                    [w.adopted, <Time at={venue.adopted} full />],
                    [w.digest, <Id id={venue.digest} />],
                    [w.expiry, needed(facts.expiry?.approvals)],
                  ]}
                />
              </Card>
              <Card title={w.clocks}>
                <Pairs
                  of={Object.entries(facts.clocks ?? {}).map(([name, value]) => [clocks[name] ?? name, count(lang, value)])}
                />
              </Card>
            </div>
            <Card title={w.segments}>
              <Table
                caption={w.segments}
                rows={Object.entries(facts.segments ?? {})}
                id={([name]) => name}
                columns={[
                  { head: w.segment, cell: ([name]) => named[name] ?? name },
                  { head: w.keysMax, cell: ([, rules]) => rules.keys_per_account_max ?? "–", number: true },
                  { head: w.lifeDays, cell: ([, rules]) => rules.key_life_days_max ?? "–", number: true },
                  { head: w.trade, cell: ([, rules]) => needed(rules.approvals?.trade) },
                  { head: w.transfer, cell: ([, rules]) => needed(rules.approvals?.transfer) },
                  { head: w.proof, cell: ([, rules]) => (rules.address_proof_required ? w.yes : w.no) },
                ]}
              />
            </Card>
            {facts.terms === undefined ? null : (
              <Card title={w.terms} aside={<span className="muted">{w.termsVersion(facts.terms.version ?? "?")}</span>}>
                <p className="preline">{facts.terms[lang]}</p>
              </Card>
            )}
            <Card>
              <div className="stack">
                <p>{w.venueChange}</p>
                <Command text="sumun venue put venue.toml" />
                <details>
                  <summary>{w.whole}</summary>
                  <Raw text={JSON.stringify(venue.facts, null, 2)} />
                </details>
              </div>
            </Card>
          </div>
        );
      }}
    </Read>
  );
}
