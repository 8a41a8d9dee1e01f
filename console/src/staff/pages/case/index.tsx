import { Page } from "../../../ui/shell";

export function Case() {
  return <Page title="Case">{null}</Page>;
}
