// What is asked for and is not there: says so by name, and leads to where one looks for it. Asking once more would bring nothing.
import { Link } from "react-router";
import { Problem } from "../../api/client";
import { Card, LinkButton } from "../../ui/basics";

/** Whether the server said that there is no such thing. */
export const isMissing = (error: Error | null): boolean => error instanceof Problem && error.status === 404;

export function Missing({ text, hint, to }: { text: string; hint: string; to: [label: string, path: string][] }) {
  const [first, ...others] = to;
  return (
    <Card>
      <div className="state" role="alert">
        <strong>{text}</strong>
        <p className="muted">{hint}</p>
        <p className="row">
          {first === undefined ? null : <LinkButton to={first[1]}>{first[0]}</LinkButton>}
          {others.map(([label, path]) => (
            <Link key={path} to={path}>
              {label}
            </Link>
          ))}
        </p>
      </div>
    </Card>
  );
}
