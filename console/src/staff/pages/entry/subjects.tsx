// What an entry is about, with a way there.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang } from "../../../i18n/lang";
import { shortId } from "../../../ui/ids";
import { kindText, type Subject } from "./subject";

export function Subjects({ of, most = 3 }: { of: readonly Subject[]; most?: number }) {
  const { lang } = useLang();
  const [first] = of;
  if (first === undefined) return <span className="muted">–</span>;
  const more = of.length - most;
  return (
    <span>
      {kindText(lang, first.kind)}{" "}
      {of.slice(0, most).map(({ id, to }, index) => (
        <span key={id} className="mono" title={id}>
          {index === 0 ? "" : ", "}
          {to === null ? shortId(id) : <Link to={to}>{shortId(id)}</Link>}
        </span>
      ))}
      {more > 0 ? ` +${count(lang, more)}` : null}
    </span>
  );
}
