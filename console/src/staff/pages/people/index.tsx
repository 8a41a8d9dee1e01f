// Who works here and what stands between: staff, machines, gates, sources of events, the venue's own facts.
import { useWords } from "../../../i18n/lang";
import { Page } from "../../../ui/shell";
import { Tabs } from "../../../ui/tabs";
import { Gates } from "./gates";
import { Sources } from "./sources";
import { Staff } from "./staff";
import { Tokens } from "./tokens";
import { Venue } from "./venue";
import { peopleWords } from "./words";

export function People() {
  const w = useWords(peopleWords);
  return (
    <Page title={w.title}>
      <Tabs
        label={w.parts}
        parts={[
          { id: "staff", label: w.staff, show: () => <Staff /> },
          { id: "tokens", label: w.tokens, show: () => <Tokens /> },
          { id: "gates", label: w.gates, show: () => <Gates /> },
          { id: "sources", label: w.sources, show: () => <Sources /> },
          { id: "venue", label: w.venue, show: () => <Venue /> },
        ]}
      />
    </Page>
  );
}
