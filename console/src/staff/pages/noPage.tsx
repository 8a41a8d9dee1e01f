// An address that leads nowhere: says so, and leads to where work goes on.
import { useLocation } from "react-router";
import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { Page } from "../../ui/shell";
import { staffWords } from "../words";

export function NoPage() {
  const w = useWords(staffWords);
  const { pathname } = useLocation();
  return (
    <Page title={w.noPage}>
      <p>{w.noPageText(pathname)}</p>
      <div className="row">
        <LinkButton to="/" look="primary">
          {w.overview}
        </LinkButton>
        <LinkButton to="/cases">{w.cases}</LinkButton>
        <LinkButton to="/keys">{w.keys}</LinkButton>
      </div>
    </Page>
  );
}
