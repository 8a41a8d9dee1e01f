// What a page shows when it has nothing to show yet: loading, empty, refused, broken, unreachable. One place, so that all pages say it alike.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem, UNREACHABLE } from "../api/client";
import { useLang, useWords } from "../i18n/lang";
import { Button } from "./basics";
import { problemKo } from "./problems";
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
export function Refused({ error, again }: { error: Error; again?: (() => void) | undefined }) {
  const w = useWords(uiWords);
  const { lang } = useLang();
  const problem = error instanceof Problem ? error : null;
  const known = problem === null ? null : knownTitle(problem, w);
  const own = known === null ? problem : null;
  const [korean, koreanRemedy] = problemKo(own?.code ?? "");
  const translated = own !== null && lang === "ko";
  const [title, text] = known ?? [w.errorTitle, translated ? korean : error.message];
  const reference = own?.document.instance ?? "";
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      {own ? (
        <p>
          <span className="muted">{w.remedy}: </span>
          {translated ? koreanRemedy : own.document.remedy}
        </p>
      ) : null}
      {translated ? (
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
const NOT_FOR_YOU = new Set(["forbidden", "role_missing"]);

/** Title and text of what every page says alike. */
function knownTitle(problem: Problem, w: (typeof uiWords)["ko"]): [string, string] | null {
  if (problem.code === UNREACHABLE) return [w.unreachableTitle, w.unreachableText];
  if (problem.status === 404) return [w.notFoundTitle, w.notFoundText];
  // Other codes of that status say why not: that somebody else has to decide, say.
  return NOT_FOR_YOU.has(problem.code) ? [w.forbiddenTitle, w.forbiddenText] : null;
}

/** Shows what was read, or the state it is in. What was read before stays while it cannot be renewed, with the reason above it. */
export function Read<T>({ query, children }: { query: UseQueryResult<T, Error>; children: (data: T) => ReactNode }) {
  if (query.data === undefined) {
    return query.error ? <Refused error={query.error} again={() => void query.refetch()} /> : <Loading />;
  }
  return (
    <>
      {query.error ? <Refused error={query.error} again={() => void query.refetch()} /> : null}
      {children(query.data)}
    </>
  );
}
