// What a page shows when it has nothing to show yet: loading, empty, refused, broken, unreachable. One place, so that all pages say it alike.
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";
import { CANCELLED, Problem, UNREACHABLE } from "../api/client";
import { useLang, useWords } from "../i18n/lang";
import { Button } from "./basics";
import { detailEn, problemKo, remedyEn, sentence } from "./problems";
import { rolesNamed, roleText, roleWords } from "./roles";
import { uiWords } from "./words";

export function Loading() {
  const w = useWords(uiWords);
  return (
    <div className="skeleton" role="status" aria-label={w.loading}>
      <p className="muted">{w.loading}…</p>
      <span />
      <span />
      <span />
    </div>
  );
}

export function Empty({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {text === undefined ? null : <p className="muted">{text}</p>}
      {children}
    </div>
  );
}

/** A no, in words: what, and what to do about it. Korean readers see the server's own English below, which names what it is about. */
export function Refused({ error, again, asking = false }: { error: Error; again?: (() => void) | undefined; asking?: boolean }) {
  const w = useWords(uiWords);
  const { lang } = useLang();
  const problem = error instanceof Problem ? error : null;
  if (problem?.code === CANCELLED) return null;
  if (problem !== null && NOT_FOR_YOU.has(problem.code)) return <NotForYou problem={problem} />;
  const known = problem === null ? null : knownTitle(problem, w);
  const own = known === null ? problem : null;
  const [korean, koreanRemedy] = problemKo(own?.code ?? "");
  const translated = own !== null && lang === "ko";
  const [title, text] = known ?? [w.errorTitle, translated ? korean : own !== null ? detailEn(error.message) : error.message];
  // The server's own words, wherever something else is said here.
  const other =
    own !== null &&
    (translated || text !== sentence(error.message) || remedyEn(own.code, own.document.remedy) !== sentence(own.document.remedy));
  const reference = own?.document.instance ?? "";
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      {own ? (
        <p>
          <span className="muted">{w.remedy}: </span>
          {translated ? koreanRemedy : remedyEn(own.code, own.document.remedy)}
        </p>
      ) : null}
      {own !== null && other ? (
        <details>
          <summary className="muted">{w.serverSays}</summary>
          <p lang="en">
            {own.document.detail}. {own.document.remedy}.
          </p>
        </details>
      ) : null}
      {reference === "" ? null : (
        <p className="muted">
          {w.reference}: <code>{reference.split(":").at(-1)}</code>
        </p>
      )}
      {again === undefined || problem?.status === 403 || problem?.status === 404 ? null : (
        <div className="row">
          <Button small onPress={again}>
            {w.again}
          </Button>
          {asking ? <span className="muted">{w.asking}</span> : null}
        </div>
      )}
    </div>
  );
}

/** What is refused for who asks, whatever is asked. Other codes of that status say why not: that somebody else has to decide, say. */
const NOT_FOR_YOU = new Set(["forbidden", "role_missing"]);

/** Title and text of what every page says alike. */
function knownTitle(problem: Problem, w: (typeof uiWords)["ko"]): [string, string] | null {
  if (problem.code === UNREACHABLE) return [w.unreachableTitle, w.unreachableText];
  // The server's own words are for its command line.
  if (problem.code === "second_factor_needed") return [w.codeNeededTitle, w.codeNeededText];
  return problem.status === 404 ? [w.notFoundTitle, w.notFoundText] : null;
}

/** What another role does: who, and whom to ask. No error, and it does not look like one. */
function NotForYou({ problem }: { problem: Problem }) {
  const w = useWords(uiWords);
  const roles = useWords(roleWords);
  const { detail, remedy } = problem.document;
  const named = rolesNamed(detail, remedy);
  return (
    <div className="notice monitor stack tight" role="alert">
      <strong>{w.forbiddenTitle}</strong>
      <p>{w.forbiddenText}</p>
      {named.length === 0 ? null : (
        <p>
          <span className="muted">{w.forbiddenRoles}: </span>
          <strong>{named.map((role) => roleText(roles, role)).join(", ")}</strong>
        </p>
      )}
      <p>{w.forbiddenAsk}</p>
      {named.length > 0 ? null : (
        <details>
          <summary className="muted">{w.serverSays}</summary>
          <p lang="en">
            {detail}. {remedy}.
          </p>
        </details>
      )}
    </div>
  );
}

/** Why a read failed last. While it is asked again React Query forgets that; a page that forgot it too would blink for as long as nothing
 * answers. Another read, which has not failed at that time, has none. */
export function useFailure(query: UseQueryResult<unknown, Error>): Error | null {
  const last = useRef<{ error: Error; at: number } | null>(null);
  if (query.error) last.current = { error: query.error, at: query.errorUpdatedAt };
  const again = query.data === undefined && query.errorUpdatedAt > 0 && last.current?.at === query.errorUpdatedAt;
  return query.error ?? (again ? (last.current?.error ?? null) : null);
}

/** Shows what was read, or the state it is in. What was read before stays while it cannot be renewed, with the reason above it. */
export function Read<T>({ query, children }: { query: UseQueryResult<T, Error>; children: (data: T) => ReactNode }) {
  const failure = useFailure(query);
  const refused =
    failure === null ? null : <Refused error={failure} again={() => void query.refetch()} asking={query.isFetching} />;
  if (query.data === undefined) return refused ?? <Loading />;
  return (
    <>
      {refused}
      {children(query.data)}
    </>
  );
}
