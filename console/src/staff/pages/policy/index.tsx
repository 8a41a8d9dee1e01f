// One version of the policy: how it stands, what it changes beside the one in force, what it would do now, what it says in plain words, and the
// file itself.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Button, Card, Id, LinkButton, Pairs, Time } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { Raw } from "../../../ui/raw";
import { Page } from "../../../ui/shell";
import { Read, Refused } from "../../../ui/states";
import { Tabs } from "../../../ui/tabs";
import { ProposedBy } from "../policies/proposedBy";
import { PolicyState } from "../policies/state";
import { Outcome, Problems, useTrial } from "../policies/trial";
import { policyWords } from "../policies/words";
import { Acts } from "./acts";
import { Differs } from "./differs";
import { Explained } from "./explained";

export function Policy() {
  const w = useWords(policyWords);
  const { policy: id = "" } = useParams();
  const query = useQuery({
    queryKey: ["policies", id],
    queryFn: () => good(api.GET("/v1/policies/{policy}", { params: { path: { policy: id } } })),
  });
  return (
    <Page
      title={w.policyTitle(id)}
      aside={
        <LinkButton small to="/policy">
          {w.back}
        </LinkButton>
      }
    >
      <Read query={query}>
        {({ policy, differs, explained }) => (
          <>
            <Card title={w.facts} aside={<PolicyState state={policy.state} />}>
              <div className="stack">
                <Pairs
                  of={[
                    [w.proposedBy, <ProposedBy by={policy.proposed_by} whole />],
                    [w.proposedAt, <Time at={policy.proposed} full />],
                    [w.activated, policy.activated == null ? null : <Time at={policy.activated} full />],
                    [w.digest, <Id id={policy.digest} label={policy.digest} />],
                  ]}
                />
                <Acts policy={policy} />
              </div>
            </Card>
            <Parts policy={policy} differs={differs} explained={explained ?? []} />
          </>
        )}
      </Read>
    </Page>
  );
}

function Parts({ policy, differs, explained }: Schemas["PolicyAnswerView"] & { explained: Schemas["ExplainedView"][] }) {
  const w = useWords(policyWords);
  // Kept here, so that its result outlives a look at another part.
  const trial = useTrial();
  const parts = [
    {
      id: "differs",
      label: w.differs,
      show: () => (policy.state === "active" ? <p className="muted">{w.isActive}</p> : <Differs lines={differs} />),
    },
    { id: "trial", label: w.trial, show: () => <Trial policy={policy.policy} trial={trial} /> },
    { id: "words", label: w.explained, show: () => <Explained of={explained} /> },
    {
      id: "file",
      label: w.source,
      show: () => (
        <>
          <div>
            <Button small onPress={() => save(`${policy.policy.replace("@", "-")}.toml`, policy.text)}>
              {w.saveSource}
            </Button>
          </div>
          <Raw look="source tall" text={policy.text} />
        </>
      ),
    },
  ].filter((part) => part.id !== "words" || explained.length > 0);
  // Of what is in force, what it says comes first; of any other, what it would change.
  const first = policy.state === "active" ? ["words", "file"] : ["differs", "trial"];
  const inOrder = parts.toSorted((a, b) => Number(first.includes(b.id)) - Number(first.includes(a.id)));
  return (
    <Card>
      <Tabs label={w.policyTitle(policy.policy)} parts={inOrder} />
    </Card>
  );
}

function Trial({ policy, trial }: { policy: string; trial: ReturnType<typeof useTrial> }) {
  const w = useWords(policyWords);
  return (
    <div className="stack">
      <p className="muted">{w.trialText}</p>
      <div>
        <Button isPending={trial.busy} onPress={() => void trial.run({ policy })}>
          {w.trialGo}
        </Button>
      </div>
      {trial.error ? <Refused error={trial.error} /> : null}
      {trial.tried === null ? null : (
        <>
          {trial.tried.problems.length === 0 ? null : <Problems of={trial.tried} />}
          <Outcome tried={trial.tried} busy={trial.busy} more={() => void trial.run({ policy }, trial.tried)} />
        </>
      )}
    </div>
  );
}
