// Whether each gate has signed that it obeys the ramp in force.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Time, type Tone } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Empty } from "../../../ui/states";
import type { RampOf } from "./inForce";
import { rampWords } from "./words";

export function GatesSaid({ of }: { of: RampOf }) {
  const w = useWords(rampWords);
  const { lang } = useLang();
  const gates = of.gates ?? [];
  const states: Record<string, [Tone, string]> = {
    // What was never set was never acknowledged either.
    obeys: of.version === 0 ? ["plain", w.g_default] : ["good", w.g_obeys],
    waits: ["warn", w.g_waits],
    cannot_read: ["expire", w.g_cannot_read],
    bypassed: ["expire", w.g_bypassed],
  };
  const late = gates.filter(({ state }) => state !== "obeys" && state !== "bypassed").length;
  return (
    <Card title={w.gates}>
      <div className="stack">
        <p className="muted">{of.version === 0 && gates.length > 0 ? w.unsetGate : w.gatesText}</p>
        {late === 0 ? null : <p className="notice warn">{w.notAll(count(lang, late))}</p>}
        {gates.length === 0 ? (
          <Empty title={w.noGates} text={w.noGatesText} />
        ) : (
          <Table
            caption={w.gates}
            rows={gates}
            id={({ gate }) => gate}
            columns={[
              { head: w.gate, cell: ({ gate }) => <Link to={`/gates/${encodeURIComponent(gate)}`}>{gate}</Link> },
              {
                head: w.state,
                cell: ({ state, bypass, bypass_reason }) => {
                  const [tone, text] = states[state] ?? ["plain", state];
                  return (
                    <>
                      <Badge tone={tone}>{text}</Badge>
                      {bypass ? (
                        <>
                          {" "}
                          <Time at={bypass} full /> {bypass_reason}
                        </>
                      ) : null}
                    </>
                  );
                },
              },
              { head: w.received, cell: ({ received }) => <Time at={received} full /> },
            ]}
          />
        )}
      </div>
    </Card>
  );
}
