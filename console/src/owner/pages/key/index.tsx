// One key: what waits about it, what it can do, from where, how it was used; then changing and ending it; then all that happened.

import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Pairs } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Read } from "../../parts/act";
import { Left } from "../../parts/countdown";
import { EndedText } from "../../parts/ended";
import { Copied, Secret } from "../../parts/secret";
import { isOver, lives, StandingBadge, standing, usePurpose, useStandingText, useTooLate } from "../../parts/standing";
import { Todo } from "../../parts/todo";
import { TooLate } from "../../parts/tooLate";
import { dayInKorea, When } from "../../parts/when";
import { type KeyView, useKey, useVendors } from "../../reads";
import { Can, Where } from "./can";
import { Change } from "./change";
import { End } from "./end";
import { History } from "./history";
import { Take, Waiting } from "./taking";
import { Use } from "./use";
import { keyWords } from "./words";

export function Key() {
  const { key = "" } = useParams();
  const w = useWords(keyWords);
  const query = useKey(key);
  // A different key is a different page: nothing of the one before, a secret least of all, may stay.
  const shown = <Read query={query}>{(found) => <Shown key={key} of={found} />}</Read>;
  // What could not be read has a heading all the same.
  return query.data === undefined ? <Page title={w.title}>{shown}</Page> : shown;
}

function Shown({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const tell = useStandingText();
  const [issued, setIssued] = useState<Schemas["IssuedView"] | null>(null);
  const tooLate = useTooLate();
  const stands = standing(of);
  return (
    <Page title={of.application} aside={<StandingBadge of={of} />}>
      {isOver(of) ? (
        <Card>
          <EndedText of={of} />
        </Card>
      ) : (
        <p>{tell(of)}</p>
      )}
      {tooLate(of) ? <TooLate of={of.key} /> : null}
      {stands === "hold" && of.review_due ? (
        <p>
          {w.by}: <When at={of.review_due} /> · <Left until={of.review_due} />
        </p>
      ) : null}
      {issued ? <Issued of={issued} from={of} onDone={() => setIssued(null)} /> : null}
      <Todo asked of={of.key} />
      {of.state === "rejected" ? null : <End of={of} />}
      {stands === "requested" ? <Waiting of={of} /> : null}
      {stands === "ready" ? <Take of={of} onTaken={setIssued} /> : null}
      <Card>
        <About of={of} />
      </Card>
      {isOver(of) ? null : (
        <>
          <Can of={of} />
          <Where of={of} />
        </>
      )}
      {of.state === "requested" || of.state === "rejected" ? null : <Use of={of} />}
      {lives(of) ? <Change of={of} onRotated={setIssued} /> : null}
      <History of={of} />
    </Page>
  );
}

/** What was just issued; after a rotation it is another key than the one of this page, which is shown next. */
function Issued({ of, from, onDone }: { of: Schemas["IssuedView"]; from: KeyView; onDone: () => void }) {
  const navigate = useNavigate();
  const done = () => {
    onDone();
    if (of.key.key !== from.key) void navigate(`/keys/${of.key.key}`);
  };
  return <Secret accessKey={of.key.key} secret={of.secret} onDone={done} />;
}

function About({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const purpose = usePurpose();
  const vendors = useVendors().data;
  const vendor = of.vendor ? (vendors?.find((one) => one.vendor === of.vendor)?.name ?? of.vendor) : null;
  return (
    <Pairs
      of={[
        [w.id, <Copied key="id" text={of.key} />],
        [w.purpose, purpose(of.purpose)],
        [w.vendor, vendor],
        [w.created, dayInKorea(lang, of.created)],
        [w.expires, isOver(of) ? null : <When key="ends" at={of.expires} />],
        [w.rotateBy, of.rotate_by && lives(of) ? dayInKorea(lang, of.rotate_by) : null],
      ]}
    />
  );
}
