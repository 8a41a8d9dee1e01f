// What is done with the case as a whole: give it to somebody, comment, decide about its members, close it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Id } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { KeyStanding } from "../../../ui/measure";
import { roleText, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, keptByEmpty, NeededField, ReasonField } from "../../parts/actFields";
import { useSaid } from "../../parts/who";
import { stepWords, word } from "../../parts/words";
import type { PageOf } from "./index";
import { caseWordsOfPage } from "./words";

type Planned = Schemas["PlannedMemberView"];
type ChoiceWord = Schemas["ChoiceWord"];
type Outcome = Schemas["OutcomeWord"];
type Act = "assign" | "comment" | "decide" | "close";

const TOUCHED = [["cases"], ["objections"], ["tasks"], ["keys"], ["measures"], ["approvals"], ["notices"], ["overview"]];

/** Roles that work on cases. */
const WORKERS: ReadonlySet<string> = new Set(["analyst", "approver", "compliance_lead"]);

/** Everybody else who may have a case; null where one's role does not list staff, or they cannot be read. */
function useColleagues(): readonly (readonly [string, string])[] | null {
  const { lang } = useLang();
  const { session, has } = useMe();
  const roles = roleWords[lang];
  const may = has("auditor", "security_admin", "compliance_lead");
  const users = useQuery({
    queryKey: ["users"],
    queryFn: () => good(api.GET("/v1/users", { params: { query: { limit: 200 } } })),
    enabled: may,
  });
  if (!may || users.data === undefined) return null;
  return users.data.items
    .filter(
      (one) => one.state === "active" && `user:${one.user}` !== session.principal && one.roles.some((role) => WORKERS.has(role)),
    )
    .map((one) => [`user:${one.user}`, `${one.name} · ${one.roles.map((role) => roleText(roles, role)).join(", ")}`] as const);
}

function Assign({ page, onClose }: { page: PageOf; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const say = useSay();
  const { session } = useMe();
  const [to, setTo] = useState(session.principal);
  const colleagues = useColleagues();
  const me = [session.principal, w.assignMe(session.principal.replace(/^user:/, ""))] as const;
  // Whose role does not list staff picks himself, or names somebody.
  const [other, setOther] = useState(false);
  return (
    <ActDialog
      title={w.assign}
      // A bare name is that of somebody of the staff.
      body={to.includes(":") ? to.trim() : `user:${to.trim()}`}
      missing={keptByEmpty(to)}
      send={(assignee, how) =>
        good(api.POST("/v1/cases/{case}/assign", { params: { path: { case: page.case.case_id }, ...how }, body: { assignee } }))
      }
      go={w.assign}
      touches={TOUCHED}
      onDone={() => say(w.assigned)}
      onClose={onClose}
    >
      {colleagues === null ? (
        <>
          <Choice
            label={w.assignTo}
            value={other ? "other" : "me"}
            of={[["me", me[1]] as const, ["other", w.assignOther] as const]}
            onChange={(who) => {
              setOther(who === "other");
              setTo(who === "other" ? "" : session.principal);
            }}
          />
          {other ? <NeededField label={w.assignOther} hint={w.assignHint} value={to} onChange={setTo} /> : null}
        </>
      ) : (
        <Choice label={w.assignTo} value={to} of={[me, ...colleagues]} onChange={setTo} />
      )}
    </ActDialog>
  );
}

function Comment({ page, onClose }: { page: PageOf; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const say = useSay();
  const [text, setText] = useState("");
  return (
    <ActDialog
      title={w.comment}
      body={text}
      missing={keptBy(text)}
      send={(said, how) =>
        good(
          api.POST("/v1/cases/{case}/comments", { params: { path: { case: page.case.case_id }, ...how }, body: { text: said } }),
        )
      }
      go={w.comment}
      touches={[["cases"]]}
      onDone={() => say(w.commented)}
      onClose={onClose}
    >
      <ReasonField label={w.commentText} value={text} onChange={setText} />
    </ActDialog>
  );
}

const CHOICES: readonly ChoiceWord[] = ["keep", "exonerate", "lift", "confirm"];
const isChoice = (text: string): text is ChoiceWord => (CHOICES as readonly string[]).includes(text);

function Decide({ page, plan, onClose }: { page: PageOf; plan: readonly Planned[]; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const say = useSay();
  const said = useSaid();
  const [chosen, setChosen] = useState<Record<string, { choice: ChoiceWord | ""; reason: string }>>({});
  const decisions = Object.entries(chosen).flatMap(([key, { choice, reason }]) =>
    choice === "" ? [] : [{ key, choice, reason }],
  );
  const set = (key: string, part: Partial<{ choice: ChoiceWord | ""; reason: string }>) =>
    setChosen((before) => ({ ...before, [key]: { choice: "", reason: "", ...before[key], ...part } }));
  return (
    <ActDialog
      title={w.decide}
      intro={
        <div className="stack tight">
          <p>{w.decideIntro}</p>
          <p className="muted">{w.confirmNote}</p>
        </div>
      }
      body={decisions}
      missing={decisions.length === 0 ? w.chooseOne : keptBy(...decisions.map((one) => one.reason))}
      send={(all, how) =>
        good(
          api.POST("/v1/cases/{case}/decide", {
            params: { path: { case: page.case.case_id }, ...how },
            body: { decisions: all },
          }),
        )
      }
      consequences={
        // Of a key that stays as it is the plan has nothing to say: what was chosen stands here, with its reason.
        <ul className="pieces">
          {decisions.map((one) => (
            <li key={one.key}>
              <Id id={one.key} /> <strong>{w[one.choice]}</strong>
              <div className="preline muted">{one.reason}</div>
            </li>
          ))}
        </ul>
      }
      go={w.decide}
      touches={TOUCHED}
      onDone={() => say(w.decided)}
      onClose={onClose}
    >
      {plan.map((member) => {
        const present = chosen[member.key] ?? { choice: "", reason: "" };
        const may = member.choices.filter(isChoice);
        const inForce = member.measures.find((one) => one.state === "in_force");
        const lesser = said(inForce?.lesser);
        return (
          <fieldset key={member.key} className="stack tight member">
            <legend className="row">
              <Id id={member.key} /> <KeyStanding state={member.state} measure={member.measure} />
            </legend>
            <Choice
              label={w.choice}
              value={present.choice}
              of={[["", w.none] as const, ...may.map((one) => [one, w[one]] as const)]}
              onChange={(choice) => set(member.key, { choice })}
            />
            {lesser === "" ? null : <p className="muted">{w.lesserSaid(lesser)}</p>}
            {present.choice === "" ? null : (
              <ReasonField value={present.reason} onChange={(reason) => set(member.key, { reason })} />
            )}
          </fieldset>
        );
      })}
    </ActDialog>
  );
}

function Close({ page, onClose }: { page: PageOf; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const say = useSay();
  const [outcome, setOutcome] = useState<Outcome>("confirmed");
  const [reason, setReason] = useState("");
  return (
    <ActDialog
      title={w.close}
      intro={<p>{w.closeIntro}</p>}
      body={{ outcome, reason }}
      missing={keptBy(reason)}
      send={(body, how) =>
        good(api.POST("/v1/cases/{case}/close", { params: { path: { case: page.case.case_id }, ...how }, body }))
      }
      go={w.close}
      touches={TOUCHED}
      onDone={() => say(w.closed)}
      onClose={onClose}
      consequences={<p>{outcome === "confirmed" ? w.confirmed : `${w[outcome]}. ${w.exonerates}`}</p>}
    >
      <Choice
        label={w.closeOutcome}
        value={outcome}
        of={[
          ["confirmed", w.confirmed],
          ["false_positive", w.false_positive],
          ["benign", w.benign],
        ]}
        onChange={setOutcome}
      />
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}

/** The row of acts at the head of a case. `over`: all its keys have ended, so that closing it is what is left. */
export function Acts({ page, plan, over }: { page: PageOf; plan: readonly Planned[] | undefined; over: boolean }) {
  const w = useWords(caseWordsOfPage);
  const steps = useWords(stepWords) as Record<string, unknown>;
  const [act, setAct] = useState<Act | null>(null);
  const left = page.missing.length === 0 ? undefined : w.closeMissing(page.missing.map((step) => word(steps, step)).join(" · "));
  const done = () => setAct(null);
  const off = page.no !== undefined;
  return (
    <div className="stack tight">
      <div className="row">
        <Button look={over ? "plain" : "primary"} isDisabled={off || plan === undefined} onPress={() => setAct("decide")}>
          {w.decide}
        </Button>
        <Button isDisabled={off} onPress={() => setAct("assign")}>
          {w.assign}
        </Button>
        <Button isDisabled={off} onPress={() => setAct("comment")}>
          {w.comment}
        </Button>
        <Button look={over ? "primary" : "plain"} isDisabled={off || left !== undefined} onPress={() => setAct("close")}>
          {w.close}
        </Button>
      </div>
      {off ? <p className="muted">{page.no}</p> : left === undefined ? null : <p className="muted">{left}</p>}
      {act === "assign" ? <Assign page={page} onClose={done} /> : null}
      {act === "comment" ? <Comment page={page} onClose={done} /> : null}
      {act === "decide" && plan !== undefined ? <Decide page={page} plan={plan} onClose={done} /> : null}
      {act === "close" ? <Close page={page} onClose={done} /> : null}
    </div>
  );
}
