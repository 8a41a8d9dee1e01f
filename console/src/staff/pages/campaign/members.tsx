// Keys not registered, one by one: what comes next for each, what its owner was told and whether that arrived. What owners declared is nowhere here.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Id, Time, type Tone } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import { noticeStateWords, segmentWords, word } from "../../parts/words";
import { letterText, memberWords } from "./memberWords";
import { SEGMENTS } from "./proposal";
import { BEHIND, type BehindState } from "./sums";
import { campaignWords } from "./words";

type Member = Schemas["BehindView"];
type Segment = Schemas["SegmentWord"];
const SHOWN = 25;
/** The most pressing first, as the server lists them. */
const STATES: readonly BehindState[] = ["unreachable", "read_only", "window", "told", "not_told"];
const TONES: Partial<Record<BehindState, Tone>> = { window: "monitor", read_only: "hold", unreachable: "warn" };
const DELIVERED: Record<string, Tone> = { delivered: "good", acknowledged: "good", sent: "monitor", failed: "expire" };

export function Members({ campaign }: { campaign: string }) {
  const w = useWords(memberWords);
  const c = useWords(campaignWords);
  const segments = useWords(segmentWords);
  const [state, setState] = useFilter("state");
  const [segment, setSegment] = useFilter("segment");
  const [after] = useFilter("after");
  const ofState = BEHIND.find((one) => one === state);
  const ofSegment = SEGMENTS.find((one) => one === segment);
  const query = useQuery({
    queryKey: ["keys", "campaigns", campaign, "behind", ofState, ofSegment, after],
    queryFn: () =>
      good(
        api.GET("/v1/campaigns/{campaign}/behind", {
          params: {
            path: { campaign },
            query: {
              limit: SHOWN,
              ...(ofState === undefined ? {} : { state: ofState }),
              ...(ofSegment === undefined ? {} : { segment: ofSegment }),
              ...(after === "" ? {} : { after }),
            },
          },
        }),
      ),
    refetchInterval: 30_000,
  });
  const every: readonly (readonly [BehindState | "", string])[] = [
    ["", w.all],
    ...STATES.map((one): readonly [BehindState, string] => [one, c[`b_${one}`]]),
  ];
  const everyone: readonly (readonly [Segment | "", string])[] = [
    ["", w.all],
    ...SEGMENTS.map((one): readonly [Segment, string] => [one, segments[one]]),
  ];
  return (
    <Card title={w.title}>
      <div className="stack">
        <p className="muted">{w.text}</p>
        <div className="row">
          <Choice label={c.standsAt} value={ofState ?? ""} of={every} onChange={setState} />
          <Choice label={c.segment} value={ofSegment ?? ""} of={everyone} onChange={setSegment} />
        </div>
        <Read query={query}>
          {({ items, next }) => (
            <>
              {items.length === 0 ? <p className="muted">{w.none}</p> : <Listed of={items} />}
              <Pages next={next} />
            </>
          )}
        </Read>
      </div>
    </Card>
  );
}

function Listed({ of }: { of: readonly Member[] }) {
  const w = useWords(memberWords);
  const c = useWords(campaignWords);
  const segments = useWords(segmentWords);
  return (
    <Table
      caption={w.title}
      rows={of}
      id={(one) => one.key}
      columns={[
        { head: c.key, cell: (one) => <Id id={one.key} to={`/keys/${encodeURIComponent(one.key)}`} /> },
        { head: c.segment, cell: (one) => segments[one.segment] },
        { head: c.standsAt, cell: (one) => <Badge tone={TONES[one.state] ?? "plain"}>{c[`b_${one.state}`]}</Badge> },
        { head: w.next, cell: (one) => <Next of={one} /> },
        { head: w.letters, cell: (one) => <Letters of={one.letters} /> },
        { head: w.lastUsed, cell: (one) => (one.last_used === null ? w.never : <Time at={one.last_used} full />) },
      ]}
    />
  );
}

function Next({ of }: { of: Member }) {
  const w = useWords(memberWords);
  if (of.next === null) return <span className="muted">{of.state === "unreachable" ? w.afterReached : w.nothing}</span>;
  return (
    <>
      {of.next.step === "end" ? w.ends : w.readOnly} <Time at={of.next.at} full />
    </>
  );
}

/** Every letter with where it stands; the last one last. */
function Letters({ of }: { of: Member["letters"] }) {
  const w = useWords(memberWords);
  const { lang } = useLang();
  const states = useWords(noticeStateWords);
  if (of.length === 0) return <span className="muted">{w.noLetter}</span>;
  return (
    <ul className="plain">
      {of.map((one) => (
        <li key={one.letter}>
          {letterText(lang, one.letter)}{" "}
          <Badge tone={DELIVERED[one.delivery ?? ""] ?? "plain"}>
            {one.delivery === null ? w.unknown : word(states, one.delivery)}
          </Badge>
        </li>
      ))}
    </ul>
  );
}
