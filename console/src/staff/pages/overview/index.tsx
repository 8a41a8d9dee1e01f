import { Page } from "../../../ui/shell";

export function Overview() {
  return <Page title="Overview">{null}</Page>;
}
