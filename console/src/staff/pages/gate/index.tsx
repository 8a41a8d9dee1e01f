import { Page } from "../../../ui/shell";

export function Gate() {
  return <Page title="Gate">{null}</Page>;
}
