// The page's place in the frame. While the next page's own file is not here yet, it says so; the page before is kept until then. So a
// server that hangs shows as waiting, not as a link that does nothing.
import { Outlet, useNavigation } from "react-router";
import { Loading } from "./states";

export function Page() {
  const leaving = useNavigation().state !== "idle";
  return (
    <>
      {leaving ? <Loading /> : null}
      <div hidden={leaving}>
        <Outlet />
      </div>
    </>
  );
}
