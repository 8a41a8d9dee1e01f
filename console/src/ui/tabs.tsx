// Parts of a page side by side; which one is open stands in the address.
import type { ReactNode } from "react";
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from "react-aria-components";
import { useFilter } from "./lists";

export type Part = { id: string; label: string; show: () => ReactNode };

/** Only the open part is there, so that the others ask the server for nothing. */
export function Tabs({ label, parts, name = "tab" }: { label: string; parts: readonly Part[]; name?: string }) {
  const first = parts[0]?.id ?? "";
  const [asked, open] = useFilter(name, first);
  const shown = parts.some((part) => part.id === asked) ? asked : first;
  return (
    <AriaTabs className="tabs" selectedKey={shown} onSelectionChange={(key) => open(String(key))}>
      <TabList aria-label={label}>
        {parts.map((part) => (
          <Tab key={part.id} id={part.id}>
            {part.label}
          </Tab>
        ))}
      </TabList>
      {parts.map((part) => (
        <TabPanel key={part.id} id={part.id} className="stack">
          {part.id === shown ? part.show() : null}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
