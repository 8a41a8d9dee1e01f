// A key that has ended: that it did, when and why, what he can do next, and where he objects. Nothing of it is in force any more.
import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { type KeyView, type NoticeView, useNotices } from "../reads";
import { mayObject } from "./reading";
import { useStandingText } from "./standing";
import { When } from "./when";
import { partWords } from "./words";

const TELLS = /^(measure\.expire|key\.expired|key\.rejected)$/;

/** What told him of the end, the one that he can object to first. */
export function toldOfEnd(key: string, notices: readonly NoticeView[] | undefined): NoticeView | undefined {
  const told = (notices ?? []).filter((one) => one.key === key && TELLS.test(one.kind));
  return told.find(mayObject) ?? told[0];
}

/** When it ended, as far as it is known here. */
export function endedAt(of: KeyView, notices: readonly NoticeView[] | undefined): string | null {
  if (of.state === "rejected") return null;
  if (of.cause === "natural" || of.state !== "expired") return of.expires;
  return toldOfEnd(of.key, notices)?.created ?? null;
}

export function EndedText({ of }: { of: KeyView }) {
  const w = useWords(partWords);
  const tell = useStandingText();
  const notices = useNotices().data;
  const told = toldOfEnd(of.key, notices);
  const at = endedAt(of, notices);
  const next: Record<string, string> = { forced: w.nextForced, leaked: w.nextLeaked, rotated: w.nextRotated };
  return (
    <div className="stack tight">
      <p>{tell(of)}</p>
      {at === null ? null : (
        <p>
          {w.endedAt}: <When at={at} />
        </p>
      )}
      <p>{of.state === "rejected" ? w.nextRejected : (next[of.cause ?? ""] ?? w.nextEnded)}</p>
      {told && mayObject(told) ? (
        <div>
          <LinkButton to={`/notices/${told.notice}`} small>
            {w.whyAndObject}
          </LinkButton>
        </div>
      ) : of.cause === "forced" || of.cause === "leaked" || of.state === "rejected" ? (
        <p className="muted">{w.askSupport}</p>
      ) : null}
    </div>
  );
}
