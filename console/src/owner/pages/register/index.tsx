// An owner says who uses keys that he had before: one card per key, what waits first. What he says of the past is optional and his alone to see.
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, LinkButton } from "../../../ui/basics";
import { Check, Choice } from "../../../ui/forms";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { useFacts } from "../../facts";
import { Read, Said, StepUp, TOUCHED } from "../../parts/act";
import { FactorHint } from "../../parts/factor";
import { dayInKorea, inKorea } from "../../parts/when";
import { type ChoicesView, type RegistrationView, useChoices, useRegistrations, waits } from "./reads";
import { registerWords } from "./words";

type Answer = { result: RegistrationView };
type Body = Schemas["RegistrationBody"];
type Words = (typeof registerWords)["ko"];
type State = "not_told" | "told" | "window" | "enrolled" | "read_only" | "ended" | "unreachable" | "gone";

export function Register() {
  const w = useWords(registerWords);
  const query = useRegistrations();
  const choices = useChoices().data;
  return (
    <Page
      title={w.title}
      aside={
        <LinkButton to="/" look="quiet">
          {w.back}
        </LinkButton>
      }
    >
      <Read query={query}>
        {(all) => {
          const asked = all.filter(({ state }) => state !== "gone" && state !== "ended");
          if (asked.length === 0) return <Empty title={w.none} text={w.noneText} />;
          const sorted = [...asked].sort((one, other) => Number(waits(other)) - Number(waits(one)));
          return (
            <div className="stack">
              <p>{w.lead}</p>
              <p className="notice">{w.truth}</p>
              {sorted.map((one) => (
                <Asked key={one.member} of={one} choices={choices} />
              ))}
            </div>
          );
        }}
      </Read>
    </Page>
  );
}

/** Everybody he can name for this key, each with the words he knows him by. */
function named(w: Words, choices: ChoicesView | undefined, of: RegistrationView): [string, string][] {
  const delegations = (choices?.delegations ?? []).filter(
    ({ account, key }) => account === of.account && (key === null || key === undefined || key === of.key),
  );
  return [
    ["myself", w.myself],
    ...(choices?.operators ?? []).map(({ id, kind, name }): [string, string] => [
      `operator ${id}`,
      kind === "desk" ? w.desk(name ?? id) : w.employee(name ?? id),
    ]),
    ...(choices?.vendors ?? []).map(({ id, name }): [string, string] => [`vendor ${id}`, w.vendor(name)]),
    ...delegations.map(({ id, operator }): [string, string] => [`delegation ${id}`, w.delegation(operator)]),
  ];
}

/** What was chosen, as it is sent. */
function sent(chosen: string): Pick<Body, "who" | "id"> {
  const [who, id] = chosen.split(" ");
  if (who === "operator" || who === "vendor" || who === "delegation") return { who, id: id ?? null };
  return { who: "myself" };
}

function Asked({ of, choices }: { of: RegistrationView; choices: ChoicesView | undefined }) {
  const w = useWords(registerWords);
  const { lang } = useLang();
  const [again, setAgain] = useState(false);
  const state = of.state as State;
  const who = named(w, choices, of);
  const declared = of.declared;
  const as = declared && who.find(([word]) => word === (declared.id ? `${declared.who} ${declared.id}` : declared.who));
  return (
    <article className={`card stack ${waits(of) ? "waiting" : ""}`}>
      <div className="row spread">
        <h2>{of.application}</h2>
        <Badge tone={state === "enrolled" ? "good" : state === "read_only" ? "hold" : waits(of) ? "warn" : "plain"}>
          {w[`state_${state}`]}
        </Badge>
      </div>
      {of.state === "enrolled" ? null : (
        <p className="muted">
          {of.state === "read_only" ? w.ends(dayInKorea(lang, of.ends)) : w.readOnly(dayInKorea(lang, of.read_only))}
        </p>
      )}
      {declared ? <p>{w.doneAs(as?.[1] ?? declared.id ?? w.myself, inKorea(lang, declared.at))}</p> : null}
      {!of.open ? (
        of.state === "enrolled" ? null : (
          <p>{w.opens(inKorea(lang, of.opens))}</p>
        )
      ) : waits(of) || again ? (
        <Form of={of} who={who} as={as?.[0] ?? "myself"} onDone={() => setAgain(false)} />
      ) : (
        <div>
          <Button small look="quiet" onPress={() => setAgain(true)}>
            {w.change}
          </Button>
        </div>
      )}
    </article>
  );
}

/** Begins with what stands declared: who looks and confirms changes nothing. */
function Form({ of, who, as, onDone }: { of: RegistrationView; who: [string, string][]; as: string; onDone: () => void }) {
  const w = useWords(registerWords);
  const { lang } = useLang();
  const say = useSay();
  const terms = useFacts().data?.terms;
  const [chosen, setChosen] = useState(as);
  const [lent, setLent] = useState(of.declared?.lent_before ?? false);
  const [agreed, setAgreed] = useState(false);
  const act = useWrite<Body, Answer>(async (body, key) => {
    const params = { path: { key: of.key }, header: { "Idempotency-Key": key } };
    const done = await good(api.POST("/v1/keys/{key}/registration", { params, body }));
    // Said before what is asked anew takes this part off the page.
    say(w.done(of.application));
    return done;
  }, TOUCHED);
  const needsFactor = act.error?.code === "second_factor_needed";
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (act.isPending || !agreed) return;
        act.mutate({ terms: of.terms, lent_before: lent, ...sent(chosen) }, { onSuccess: onDone });
      }}
    >
      <Choice label={w.who} value={chosen} of={who} onChange={setChosen} hint={w.notListed} />
      <div className="stack tight">
        <Check on={lent} onChange={setLent}>
          {w.lent}
        </Check>
        <span className="muted">{w.lentHint}</span>
      </div>
      {terms && terms.version === of.terms ? (
        <details>
          <summary>{w.termsText}</summary>
          <p className="preline quoted">{terms[lang]}</p>
        </details>
      ) : (
        <p className="muted">{w.termsElsewhere(of.terms)}</p>
      )}
      <Check on={agreed} onChange={setAgreed}>
        {w.terms(of.terms)}
      </Check>
      {needsFactor ? <StepUp /> : <FactorHint />}
      <div>
        <Button type="submit" look="primary" isPending={act.isPending} isDisabled={!agreed} why={agreed ? undefined : w.goWhy}>
          {w.go}
        </Button>
      </div>
      {needsFactor ? null : <Said of={act} />}
    </form>
  );
}
