// Doing something, and what came of it: the same button pressed twice is one act; a no is told in plain words; where a fresh second factor is
// needed, the way to the exchange and back stands right there.
import type { QueryKey, UseMutationResult, UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Problem, UNREACHABLE } from "../../api/client";
import { useLang, useWords } from "../../i18n/lang";
import { Button, LinkButton } from "../../ui/basics";
import { Loading, useFailure } from "../../ui/states";
import { useFacts } from "../facts";
import { dropPlace, keepPlace } from "../place";
import { refusalWords } from "../refusals";
import { ownerWords } from "../words";
import { ToExchange } from "./exchange";
import { partWords } from "./words";

/** Reads that are stale after nearly every act. */
export const TOUCHED: QueryKey[] = [
  ["keys"],
  ["questions"],
  ["notices"],
  ["verifications"],
  ["addresses"],
  ["objections"],
  ["approvals"],
];

/** What a refused act says. */
export function Said({ of }: { of: Pick<UseMutationResult<unknown, Problem, never>, "error"> }) {
  return of.error ? <Refused error={of.error} write /> : null;
}

/** What a refusal says at a field of its own, if it is about that field. */
export function useAtField(error: Problem | null): (pointer: string) => string | undefined {
  const known = useWords(refusalWords) as Record<string, string>;
  return (pointer) => (error?.document.pointer?.startsWith(pointer) ? (known[error.code] ?? known.bad_field) : undefined);
}

export function StepUp() {
  const w = useWords(partWords);
  const facts = useFacts().data;
  const minutes = facts?.second_factor.age_minutes_max ?? 5;
  const { lang } = useLang();
  const names = w as unknown as Record<string, string>;
  const methods = (facts?.second_factor.methods ?? [])
    .map((method) => names[`method_${method}`])
    .filter((name) => name !== undefined);
  const or = new Intl.ListFormat(lang, { type: "disjunction" });
  const how = or.format(methods.length === 0 ? [w.method_passkey, w.method_totp] : methods);
  // He may go to the exchange by its app or another tab, not by the link below.
  useEffect(() => {
    keepPlace();
    return dropPlace;
  }, []);
  return (
    <div className="notice warn stack tight" role="alert">
      <strong>{w.stepUpTitle}</strong>
      <p>{w.stepUpText(minutes, how)}</p>
      <ToExchange label={w.toExchange} />
      <p className="muted">{w.stepUpSafe}</p>
    </div>
  );
}

/** A no, in plain words: what it means and what can be done. The server's own, which are for engineers, are shown in no language. `write`: of an act, not of a reading. */
export function Refused({ error, again, write = false }: { error: Error; again?: (() => void) | undefined; write?: boolean }) {
  const w = useWords(partWords);
  const known = useWords(refusalWords) as Record<string, string>;
  const problem = error instanceof Problem ? error : null;
  if (problem?.code === "second_factor_needed") return <StepUp />;
  if (!write && problem && (problem.status === 404 || NOT_FOR_HIM.has(problem.code)))
    return <NotYours gone={problem.status === 404} />;
  if (problem?.code === UNREACHABLE) {
    return (
      <div className="notice warn stack tight" role="alert">
        <strong>{w.lost}</strong>
        <p>{write ? w.lostWrite : w.lostText}</p>
      </div>
    );
  }
  const text = problem === null ? undefined : (known[problem.code] ?? (problem.status === 404 ? known.not_found : undefined));
  const reference = problem?.document.instance.split(":").at(-1);
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{text ?? w.failed}</strong>
      {text === undefined ? (
        <>
          <p>{w.failedText}</p>
          {reference ? (
            <p className="muted">
              {w.reference}: <code>{reference}</code>
            </p>
          ) : null}
        </>
      ) : null}
      {again === undefined ? null : (
        <div>
          <Button small onPress={again}>
            {w.again}
          </Button>
        </div>
      )}
    </div>
  );
}

/** What is refused for who asks, whatever he asks. */
const NOT_FOR_HIM = new Set(["forbidden", "role_missing", "owner_only"]);

/** What this account may not see, or what is not there: the server does not tell which of another's. Nothing is broken, and trying again helps
nobody. */
function NotYours({ gone }: { gone: boolean }) {
  const w = useWords(ownerWords);
  return (
    <div className="notice monitor stack tight" role="status">
      <strong>{gone ? w.notHere : w.notYours}</strong>
      <p>{gone ? w.notHereText : w.notYoursText}</p>
      <ul>
        <li>{w.notYoursOther}</li>
        {gone ? null : <li>{w.notYoursCompany}</li>}
        <li>{w.notYoursSupport}</li>
      </ul>
      {gone ? (
        <div>
          <LinkButton to="/" small>
            {w.toHome}
          </LinkButton>
        </div>
      ) : null}
    </div>
  );
}

/** Shows what was read. What was read before stays while it cannot be renewed; that the session ended is told by the frame. */
export function Read<T>({ query, children }: { query: UseQueryResult<T, Error>; children: (data: T) => ReactNode }) {
  const w = useWords(ownerWords);
  const ended = query.error instanceof Problem && query.error.status === 401;
  const failure = useFailure(query);
  if (query.data === undefined) {
    if (failure === null) return <Loading />;
    // The way back in stands in the frame's bar above.
    if (ended) return <p className="muted">{w.endedRead}</p>;
    return <Refused error={failure} again={() => void query.refetch()} />;
  }
  return (
    <>
      {query.error && !ended ? <Refused error={query.error} /> : null}
      {children(query.data)}
    </>
  );
}
