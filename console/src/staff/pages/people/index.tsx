import { Page } from "../../../ui/shell";

export function People() {
  return <Page title="People">{null}</Page>;
}
