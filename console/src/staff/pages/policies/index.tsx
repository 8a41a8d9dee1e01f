import { Page } from "../../../ui/shell";

export function Policies() {
  return <Page title="Policies">{null}</Page>;
}
