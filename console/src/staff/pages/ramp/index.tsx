// The ramp: how far gates enforce, whether they said that they do, what would have been refused, stepping back and having another put in force.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { Back } from "./back";
import { Change } from "./change";
import { GatesSaid } from "./gatesSaid";
import { InForce } from "./inForce";
import { Report } from "./report";
import { rampWords } from "./words";

export function Ramp() {
  const w = useWords(rampWords);
  // Gates are told of it by the feed and answer by receipts: what live messages call gates.
  const query = useQuery({ queryKey: ["gates", "ramp"], queryFn: () => good(api.GET("/v1/ramp")), refetchInterval: 10_000 });
  return (
    <Page title={w.title}>
      <p className="muted">{w.about}</p>
      <Read query={query}>
        {(view) => (
          <>
            <div className="two">
              <InForce of={view} />
              <div className="stack">
                <Back of={view} />
                <GatesSaid of={view} />
              </div>
            </div>
            <Report enforced={view.ramp} />
            <Change of={view} />
          </>
        )}
      </Read>
    </Page>
  );
}
