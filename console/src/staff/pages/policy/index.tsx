import { Page } from "../../../ui/shell";

export function Policy() {
  return <Page title="Policy">{null}</Page>;
}
