import { Page } from "../../../ui/shell";

export function Entry() {
  return <Page title="Entry">{null}</Page>;
}
