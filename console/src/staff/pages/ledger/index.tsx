import { Page } from "../../../ui/shell";

export function Ledger() {
  return <Page title="Ledger">{null}</Page>;
}
