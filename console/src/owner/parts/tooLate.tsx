// A key of which the time to be verified is over: what he can still do. Never what staff think of it.
import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { useNotices } from "../reads";
import { mayObject } from "./reading";
import { partWords } from "./words";

const TELLS = /^(verification\.timed_out|measure\.reverify)$/;

export function TooLate({ of }: { of: string }) {
  const w = useWords(partWords);
  const told = useNotices().data?.filter(({ key, kind }) => key === of && TELLS.test(kind)) ?? [];
  // The newest first.
  const notice = told.find(mayObject);
  return (
    <div className="stack tight">
      <p>{notice ? w.overWhat : w.overContact}</p>
      {notice ? (
        <div>
          <LinkButton to={`/notices/${notice.notice}`}>{w.whyAndObject}</LinkButton>
        </div>
      ) : null}
    </div>
  );
}
