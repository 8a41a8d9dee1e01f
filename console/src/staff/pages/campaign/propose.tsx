// Proposing a campaign: who is asked, when what happens, and why. A lead proposes, an approver agrees; nobody is told anything before.
import { useQuery } from "@tanstack/react-query";
import { useContext, useId, useState } from "react";
import { Link } from "react-router";
import { api, good, Problem } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button, Card, Time } from "../../../ui/basics";
import { Check } from "../../../ui/forms";
import { onlyFor, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog, type How } from "../../parts/act";
import { AT_FIELDS, keptBy, NeededField, Pressed, ReasonField } from "../../parts/actFields";
import { clockOf, clockWords } from "../../parts/campaignText";
import type { Approval } from "../../parts/shapes";
import { Who } from "../../parts/who";
import { segmentWords } from "../../parts/words";
import {
  type Draft,
  type DraftField,
  type DraftWrong,
  draftOf,
  NAME_MOST,
  planOf,
  refusedAt,
  SEGMENTS,
  TERMS_MOST,
  wrongOf,
} from "./proposal";
import { proposeWords } from "./proposeWords";

/** Pages of open approvals looked through for campaigns that wait, and how many one page holds. */
const PAGES_MAX = 10;
const PAGE = 1_000;
const TOUCHES = [["keys"], ["approvals"], ["overview"]];

async function newCampaigns(): Promise<Approval[]> {
  const found: Approval[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query: { state: "open"; limit: number; after?: string } = {
      state: "open",
      limit: PAGE,
      ...(after === null ? {} : { after }),
    };
    const { items, next } = await good(api.GET("/v1/approvals", { params: { query } }));
    found.push(...items.filter(({ action, request }) => action === "campaign.set" && isNew(request)));
    if (!next) break;
    after = next;
  }
  return found;
}

/** Campaigns that nobody has agreed to yet: no page but their approvals knows them. */
export function Proposed() {
  const w = useWords(proposeWords);
  const { data: waiting = [] } = useQuery({
    queryKey: ["approvals", "campaigns"],
    queryFn: newCampaigns,
    refetchInterval: 15_000,
  });
  if (waiting.length === 0) return null;
  return (
    <Card title={w.waiting}>
      <div className="stack tight">
        <p className="muted">{w.waitingText}</p>
        <ul>
          {waiting.map((one) => (
            <li key={one.approval}>
              <Link to={`/approvals/${encodeURIComponent(one.approval)}`}>{nameOf(one.request) ?? w.toApproval}</Link>{" "}
              <span className="muted">
                <Who by={one.requested_by} />, <Time at={one.requested} full />
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}

/** What an approval froze has no type of its own. */
function isNew(request: unknown): boolean {
  return typeof request === "object" && request !== null && (request as { before?: unknown }).before === 0;
}

function nameOf(request: unknown): string | null {
  const plan = typeof request === "object" && request !== null ? (request as { plan?: unknown }).plan : null;
  const name = typeof plan === "object" && plan !== null ? (plan as { name?: unknown }).name : null;
  return typeof name === "string" && name !== "" ? name : null;
}

export function ProposeButton() {
  const w = useWords(proposeWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const [open, setOpen] = useState(false);
  const why = has("compliance_lead") ? undefined : onlyFor(r, "compliance_lead");
  return (
    <>
      <Button why={why} onPress={() => setOpen(true)}>
        {w.propose}
      </Button>
      {open ? <ProposeDialog onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** What the server refused, and of which draft: once it is changed there, that is past. */
type Refused = { field: DraftField; wrong: DraftWrong; value: string };
const written = (draft: Draft, field: DraftField): string => JSON.stringify(draft[field]);

function ProposeDialog({ onClose }: { onClose: () => void }) {
  const w = useWords(proposeWords);
  const say = useSay();
  const [now] = useState(Date.now);
  const [draft, setDraft] = useState<Draft>(() => draftOf(now));
  const [reason, setReason] = useState("");
  const [refused, setRefused] = useState<Refused | null>(null);
  const wrong = wrongOf(draft, now);
  const told = (field: DraftField): string | undefined => {
    const stands = refused?.field === field && refused.value === written(draft, field) ? refused.wrong : undefined;
    const found = wrong[field] ?? stands;
    return found === undefined ? undefined : w[`x_${found}`];
  };
  const set = (field: DraftField) => (value: string) => setDraft((before) => ({ ...before, [field]: value }));
  const plan = planOf(draft);
  const send = async (body: { plan: typeof plan; reason: string }, how: How) => {
    setRefused(null);
    try {
      return await good(api.POST("/v1/campaigns", { params: how, body }));
    } catch (caught) {
      const at = caught instanceof Problem ? refusedAt(caught.code, caught.document.pointer) : null;
      if (at !== null) setRefused({ ...at, value: written(draft, at.field) });
      throw caught;
    }
  };
  const day = (field: "announce" | "opens" | "read_only" | "ends") => (
    <NeededField label={w[field]} hint={w.dayHint} type="date" value={draft[field]} onChange={set(field)} unsound={told(field)} />
  );
  return (
    <ActDialog
      title={w.propose}
      intro={<p>{w.intro}</p>}
      body={{ plan, reason }}
      missing={Object.keys(wrong).length > 0 ? AT_FIELDS : keptBy(reason)}
      send={send}
      go={w.go}
      touches={TOUCHES}
      consequences={<Happens draft={draft} />}
      onDone={() => say(w.asked)}
      onClose={onClose}
    >
      <NeededField
        label={w.name}
        hint={w.nameHint}
        value={draft.name}
        onChange={set("name")}
        unsound={told("name")}
        most={NAME_MOST}
        autoFocus
      />
      <NeededField
        label={w.terms}
        hint={w.termsHint}
        value={draft.terms}
        onChange={set("terms")}
        unsound={told("terms")}
        most={TERMS_MOST}
      />
      <Segments
        chosen={draft.segments}
        onChange={(segments) => setDraft((before) => ({ ...before, segments }))}
        wrong={told("segments")}
      />
      {day("announce")}
      {day("opens")}
      {day("read_only")}
      {day("ends")}
      <NeededField
        label={w.reminders}
        hint={w.remindersHint}
        value={draft.reminders}
        onChange={set("reminders")}
        unsound={told("reminders")}
      />
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}

function Segments({
  chosen,
  onChange,
  wrong,
}: {
  chosen: Draft["segments"];
  onChange: (segments: Draft["segments"]) => void;
  wrong: string | undefined;
}) {
  const w = useWords(proposeWords);
  const segments = useWords(segmentWords);
  const pressed = useContext(Pressed);
  const id = useId();
  return (
    <fieldset className="boxes" aria-describedby={id}>
      <legend>{w.segments}</legend>
      <div className="row">
        {SEGMENTS.map((one) => (
          <Check
            key={one}
            on={chosen.includes(one)}
            onChange={(on) => onChange(SEGMENTS.filter((of) => (of === one ? on : chosen.includes(of))))}
          >
            {segments[one]}
          </Check>
        ))}
      </div>
      <p className="muted" id={id}>
        {w.segmentsHint}
      </p>
      {pressed && wrong !== undefined ? (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      ) : null}
    </fieldset>
  );
}

/** When what happens, from what is about to be sent. */
function Happens({ draft }: { draft: Draft }) {
  const w = useWords(proposeWords);
  const c = useWords(clockWords);
  const plan = planOf(draft);
  return (
    <div className="stack tight">
      <p>{w.happens}</p>
      <ol className="timeline">
        {clockOf({ ...plan, segments: [...draft.segments] }).map((one) => (
          <li key={`${one.step} ${one.at}`}>
            <span>{c[one.step]}</span> <Time at={one.at} full />
          </li>
        ))}
      </ol>
    </div>
  );
}
