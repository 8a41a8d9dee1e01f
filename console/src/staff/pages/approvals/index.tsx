import { Page } from "../../../ui/shell";

export function Approvals() {
  return <Page title="Approvals">{null}</Page>;
}
