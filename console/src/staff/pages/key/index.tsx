import { Page } from "../../../ui/shell";

export function Key() {
  return <Page title="Key">{null}</Page>;
}
