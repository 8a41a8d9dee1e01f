// Who stands behind a key, what it may do, and from where. Names are masked by the server; unmasking is a recorded act elsewhere.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count, instant } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { schemeText } from "../../../ui/actors";
import { Badge, Card, Id, Pairs, Time } from "../../../ui/basics";
import { Operator, Vendor } from "../../parts/named";
import type { KeyView } from "../../parts/shapes";
import { useWho } from "../../parts/who";
import { purposeWords, scopeWords, segmentWords, word } from "../../parts/words";
import type { KeyReads } from "./reads";
import { cutEntry } from "./verdict";
import { keyWords } from "./words";

export function Whose({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const who = useWho();
  const segments = useWords(segmentWords) as Record<string, unknown>;
  const { has } = useMe();
  const mayPerson = has("analyst", "approver", "compliance_lead", "auditor", "support");
  const account = useQuery({
    queryKey: ["accounts", of.account],
    queryFn: () => good(api.GET("/v1/accounts/{account}", { params: { path: { account: of.account } } })),
    staleTime: 60_000,
  });
  const id = account.data?.person ?? null;
  const person = useQuery({
    queryKey: ["persons", id],
    queryFn: () => good(api.GET("/v1/persons/{person}", { params: { path: { person: id ?? "" } } })),
    enabled: mayPerson && id !== null,
    staleTime: 60_000,
  });
  return (
    <Card title={w.who}>
      <Pairs
        of={[
          [
            w.account,
            <Link key="account" to={`/keys?account=${encodeURIComponent(of.account)}`}>
              {of.account}
            </Link>,
          ],
          [
            w.customer,
            account.data ? (
              <span key="customer" className="mono">
                {account.data.customer}
              </span>
            ) : null,
          ],
          [w.segment, account.data ? word(segments, account.data.segment) : null],
          [
            w.person,
            mayPerson ? (
              id === null ? null : (
                <span key="person">
                  {person.data?.name ?? "–"} <span className="mono muted">{id}</span>
                </span>
              )
            ) : (
              <span key="person" className="muted">
                {w.noPerson}
              </span>
            ),
          ],
          [w.operator, <Operator key="operator" id={of.operator} />],
          [w.vendor, of.vendor ? <Vendor key="vendor" id={of.vendor} /> : null],
          [w.requestedBy, who(of.requested_by)],
          [
            w.replaces,
            of.replaces ? <Id key="replaces" id={of.replaces} to={`/keys/${encodeURIComponent(of.replaces)}`} /> : null,
          ],
        ]}
      />
    </Card>
  );
}

export function What({ of, reads }: { of: KeyView; reads: KeyReads }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const scopes = useWords(scopeWords) as Record<string, unknown>;
  const purposes = useWords(purposeWords) as Record<string, unknown>;
  const limits = [
    of.mandate.orders_per_second_max ? w.perSecond(count(lang, of.mandate.orders_per_second_max)) : null,
    of.mandate.markets ? w.markets(of.mandate.markets.join(", ")) : null,
    of.mandate.countries ? w.countries(of.mandate.countries.join(", ")) : null,
  ].filter((one) => one !== null);
  const over = of.state === "expired" || of.state === "rejected";
  const ended = reads.timeline.data === undefined ? undefined : cutEntry(of, reads.timeline.data);
  const steps: Record<string, string> = { read: w.stepRead, trade: w.stepTrade, transfer: w.stepTransfer };
  return (
    <Card title={over ? w.whatOver : w.what}>
      <Pairs
        of={[
          [w.scopes, of.scopes.map((scope) => word(scopes, scope)).join(", ")],
          [w.application, of.application],
          [w.purpose, word(purposes, of.purpose)],
          [w.mandate, limits.length === 0 ? w.noMandate : limits.join("; ")],
          [
            w.grants,
            of.approvals.length === 0 ? null : (
              <ul key="grants" className="pieces">
                {of.approvals.map((grant) => (
                  <li key={grant.step}>
                    {steps[grant.step] ?? grant.step}:{" "}
                    {grant.approval ? (
                      <Link to={`/approvals/${encodeURIComponent(grant.approval)}`}>{grant.granted ? w.granted : w.waits}</Link>
                    ) : grant.granted ? (
                      w.granted
                    ) : (
                      w.waits
                    )}
                    {grant.until ? ` · ${w.stepUntil(instant(lang, grant.until))}` : ""}
                  </li>
                ))}
              </ul>
            ),
          ],
          [
            w.terms,
            <span key="terms">
              {w.termsVersion(of.terms)}
              {of.terms_accepted === null ? null : (
                <>
                  {" "}
                  · <Time at={of.terms_accepted} full />
                </>
              )}
            </span>,
          ],
          [
            w.scheme,
            <span key="scheme" className="mono">
              {schemeText(of.scheme)}
            </span>,
          ],
          [w.created, <Time key="created" at={of.created} full />],
          [w.ended, of.state === "expired" && ended ? <Time key="ended" at={ended.at} full /> : null],
          [over ? w.wouldEnd : w.expires, over && !ended ? null : <Time key="expires" at={of.expires} full />],
          [w.rotateBy, of.rotate_by && !over ? <Time key="rotate" at={of.rotate_by} full /> : null],
        ]}
      />
    </Card>
  );
}

export function Where({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const over = of.state === "expired" || of.state === "rejected";
  return (
    <Card title={over ? w.fromOver : w.from}>
      {of.allowlist.length === 0 ? <p className="muted">{w.anywhere}</p> : null}
      <ul className="pieces">
        {of.allowlist.map((entry) => {
          const known = typeof entry === "string" ? { prefix: entry } : entry;
          const proved = "proved" in known ? known.proved : null;
          const since = "since" in known ? known.since : null;
          return (
            <li key={known.prefix}>
              <span className="mono">{known.prefix}</span>{" "}
              {typeof entry === "string" ? (
                over ? null : (
                  <Badge tone="good">{w.inEffect}</Badge>
                )
              ) : proved ? (
                <span>
                  <Badge tone="good">{w.proved}</Badge> <Time at={proved} />
                </span>
              ) : (
                <Badge tone="warn">{w.notProved}</Badge>
              )}
              {since ? (
                <div className="muted">
                  {w.since} <Time at={since} />
                </div>
              ) : null}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

/** What a thief could do with it now; the worst first. */
export function Stolen({ reads }: { reads: KeyReads }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const sentences = reads.capability.data?.sentences;
  return (
    <Card title={w.stolen}>
      {sentences === undefined ? (
        <p className="muted">–</p>
      ) : (
        <ul className="pieces">
          {sentences.map((said) => (
            <li key={said.en}>{said[lang]}</li>
          ))}
        </ul>
      )}
    </Card>
  );
}
