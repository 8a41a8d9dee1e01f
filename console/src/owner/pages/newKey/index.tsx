// Asking for a key, the safer choice first at every step. What is chosen is kept over a visit at the exchange; which choices there are, the
// venue's facts say, and the server checks all of it again.

import { useState } from "react";
import { useNavigate } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Check, Choice, Field, letters } from "../../../ui/forms";
import { Page } from "../../../ui/shell";
import { type Facts, useFacts } from "../../facts";
import { Read, Said, TOUCHED, useAtField } from "../../parts/act";
import { FactorHint } from "../../parts/factor";
import { Follows } from "../../parts/follows";
import { pointedAt, typedPrefixes, wrongPrefixes } from "../../parts/prefixes";
import { isOver } from "../../parts/standing";
import { dayInKorea } from "../../parts/when";
import { useKept } from "../../place";
import { useAccounts, useKeys } from "../../reads";
import { Purpose } from "./purpose";
import { Approved, type Right, Rights, scopesOf } from "./rights";
import { LIVES, Until } from "./until";
import { newKeyWords } from "./words";

type Account = Schemas["AccountView"];
type Body = Schemas["KeyRequestBody"];

export type Draft = {
  account: string;
  purpose: Schemas["PurposeWord"];
  vendor: string;
  application: string;
  rights: Right[];
  addresses: string;
  days: number;
  agreed: boolean;
};

const FIRST: Draft = {
  account: "",
  purpose: "portfolio",
  vendor: "",
  application: "",
  rights: [],
  addresses: "",
  days: LIVES[0],
  agreed: false,
};

/** So many letters of a name the server takes. */
const NAME_MOST = 120;

export function NewKey() {
  const w = useWords(newKeyWords);
  const facts = useFacts();
  const accounts = useAccounts();
  return (
    <Page title={w.title}>
      <p>{w.lead}</p>
      <Follows />
      <Read query={facts}>{(held) => <Read query={accounts}>{(all) => <Form facts={held} accounts={all} />}</Read>}</Read>
    </Page>
  );
}

function Form({ facts, accounts }: { facts: Facts; accounts: Account[] }) {
  const w = useWords(newKeyWords);
  const { lang } = useLang();
  const navigate = useNavigate();
  const [draft, setDraft, drop] = useKept("new", FIRST);
  const put = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const keys = useKeys().data ?? [];
  const account = accounts.find((one) => one.account === draft.account) ?? accounts[0];
  const rules = facts.segments[account?.segment ?? ""];
  const scopes = scopesOf(draft, facts);
  const typed = typedPrefixes(draft.addresses);
  const prefixes = typed.map(({ text }) => text);
  const wrong = wrongPrefixes(typed);
  const long = letters(draft.application.trim()) > NAME_MOST;
  const taken = keys.some((key) => !isOver(key) && key.application === draft.application.trim());
  const missing = [
    draft.purpose === "third_party_tool" && draft.vendor === "" ? w.missVendor : null,
    draft.application.trim() === "" ? w.missName : null,
    long ? w.missShort : null,
    prefixes.length === 0 ? w.missWhere : wrong.length > 0 ? w.missRight : null,
    draft.agreed ? null : w.missAgree,
  ].filter((one) => one !== null);
  const still = missing.length === 0 ? w.ready : w.missing(missing.length, missing.join(", "));
  const act = useWrite<Body, { result: Schemas["KeyAnswerView"] }>(
    (body, key) => good(api.POST("/v1/keys", { body, params: { header: { "Idempotency-Key": key } } })),
    TOUCHED,
  );
  const at = useAtField(act.error);
  // The line that is being typed is not wrong yet.
  const [typing, setTyping] = useState(false);
  const last = draft.addresses.split("\n").length;
  const pointed = pointedAt(typed, act.error?.document.pointer);
  const refused = at("/allowlist");
  // Each line its own word; and what the server says, at the line that it is about.
  const wrongLines = [
    ...wrong.filter(({ line }) => !typing || line < last).map(({ line, text }) => w.lineWrong(line, text)),
    ...(refused === undefined ? [] : [pointed === undefined ? refused : w.lineSaid(pointed.line, pointed.text, refused)]),
  ];
  function ask() {
    if (!account || act.isPending) return;
    const body: Body = {
      account: account.account,
      purpose: draft.purpose,
      application: draft.application.trim(),
      scopes,
      allowlist: prefixes,
      // To the hour: the same request pressed twice is the same request.
      expires: `${new Date(Date.now() + draft.days * 86_400_000).toISOString().slice(0, 13)}:00:00Z`,
      terms: facts.terms.version,
      ...(draft.purpose === "third_party_tool" ? { vendor: draft.vendor } : {}),
    };
    act.mutate(body, {
      onSuccess: ({ result }) => {
        drop();
        void navigate(`/keys/${result.key.key}`);
      },
    });
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (missing.length === 0) ask();
      }}
    >
      {/* How far one is, at the top too: the button is a long way down on a telephone. */}
      <p className="muted">{still}</p>
      {accounts.length > 1 && account ? (
        <Choice
          label={w.account}
          value={account.account}
          onChange={(chosen) => put({ account: chosen })}
          of={accounts.map((one) => [one.account, one.account])}
        />
      ) : null}
      <Card title={w.what}>
        <Purpose draft={draft} facts={facts} put={put} company={account !== undefined && account.segment !== "retail"} />
      </Card>
      <Card title={w.name}>
        <Field
          label={w.nameLabel}
          hint={w.nameHint}
          value={draft.application}
          onChange={(application) => put({ application })}
          most={NAME_MOST}
          wrong={taken ? w.nameTaken : at("/application")}
        />
      </Card>
      <Card title={w.may}>
        <Rights draft={draft} facts={facts} put={put} />
      </Card>
      <Card title={w.where}>
        <div className="stack">
          <p>{w.whereText}</p>
          <Field
            label={w.whereLabel}
            wrong={wrongLines.length === 0 ? undefined : wrongLines.join("\n")}
            hint={w.whereHint}
            onFocusChange={setTyping}
            lines={Math.min(8, Math.max(2, last))}
            value={draft.addresses}
            onChange={(addresses) => put({ addresses })}
            spellCheck="false"
            autoComplete="off"
          />
          <p className="muted">{w.whereMobile}</p>
        </div>
      </Card>
      <Card title={w.until}>
        <Until days={draft.days} most={rules?.key_life_days_max ?? 365} onChange={(days) => put({ days })} />
      </Card>
      <Card title={w.terms}>
        <div className="stack">
          <p className="preline quoted">{facts.terms[lang]}</p>
          <p className="muted">{w.version(facts.terms.version, dayInKorea(lang, facts.terms.effective))}</p>
          <Check on={draft.agreed} onChange={(agreed) => put({ agreed })}>
            {w.agree}
          </Check>
        </div>
      </Card>
      <Card title={w.check}>
        <div className="stack">
          <Approved scopes={scopes} rules={rules} />
          <FactorHint />
          <p id="missing">{still}</p>
          <div>
            <Button
              type="submit"
              look="primary"
              isPending={act.isPending}
              isDisabled={missing.length > 0}
              aria-describedby="missing"
            >
              {w.go}
            </Button>
          </div>
          <Said of={act} />
        </div>
      </Card>
    </form>
  );
}
