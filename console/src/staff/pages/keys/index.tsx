import { Page } from "../../../ui/shell";

export function Keys() {
  return <Page title="Keys">{null}</Page>;
}
