// The way to the exchange, which alone signs its customers in. What is typed and where one was is kept until he returns.
import { useSignInUrl } from "../facts";
import { keepPlace } from "../place";

export function ToExchange({ label, apart = false }: { label: string; apart?: boolean }) {
  const url = useSignInUrl();
  if (url === null) return null;
  return (
    <div>
      <a className="button primary" href={url} onClick={keepPlace} {...(apart ? { target: "_blank", rel: "noreferrer" } : {})}>
        {label}
      </a>
    </div>
  );
}
