import { Page } from "../../../ui/shell";

export function Approval() {
  return <Page title="Approval">{null}</Page>;
}
