import { Page } from "../../../ui/shell";

export function Cases() {
  return <Page title="Cases">{null}</Page>;
}
