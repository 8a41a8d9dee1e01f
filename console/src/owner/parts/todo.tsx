// The tasks that wait for him, each a card: which key, what, by when, what happens otherwise, and where it is done.
import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { Loading } from "../../ui/states";
import { Refused } from "./act";
import { Left } from "./countdown";
import { KeyName } from "./sentences";
import { useTasks } from "./tasks";
import { taskWords } from "./taskWords";
import { When } from "./when";

/** `asked`: only what is asked of him, of this key if one is named; then nothing is said where nothing waits, because the page says it in
its own way. */
export function Todo({ asked = false, of }: { asked?: boolean; of?: string }) {
  const w = useWords(taskWords);
  const { tasks, error } = useTasks();
  // What cannot be read is told once: the page below reads the same.
  if (tasks === undefined) return error === null ? <Loading /> : asked && of === undefined ? <Refused error={error} /> : null;
  const shown = tasks.filter((task) => (!asked || task.asked) && (of === undefined || task.key === of));
  if (shown.length === 0) {
    return asked ? null : (
      <div className="notice good stack tight">
        <strong>{w.nothing}</strong>
        <p>{w.nothingText}</p>
      </div>
    );
  }
  return (
    <section className="stack tight" aria-labelledby="todo">
      <h2 id="todo">
        {w.todo} <span className="number-badge">{shown.length}</span>
      </h2>
      {shown.map((task) => (
        <article key={task.id} className={`notice todo ${task.tone}`}>
          <div className="stack tight">
            {task.key && of === undefined ? (
              <p className="muted">
                <KeyName of={task.key} link={false} />
              </p>
            ) : null}
            <strong>{task.title}</strong>
            <p>{task.text}</p>
            {task.until ? (
              <p>
                {task.by ?? w.by}: <When at={task.until} /> · <Left until={task.until} />
              </p>
            ) : null}
            {task.otherwise ? <p className="otherwise">{task.otherwise}</p> : null}
          </div>
          <LinkButton to={task.to} look={task.rank < 2 ? "primary" : "plain"}>
            {task.go}
          </LinkButton>
        </article>
      ))}
    </section>
  );
}
