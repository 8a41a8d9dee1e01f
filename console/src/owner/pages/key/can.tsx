// What a key can do and from where, in the server's own sentences.
import { useLang, useWords } from "../../../i18n/lang";
import { Card, LinkButton } from "../../../ui/basics";
import { Read } from "../../parts/act";
import { Text } from "../../parts/sentences";
import { lives, Rights } from "../../parts/standing";
import { type KeyView, useAddresses, useCapability } from "../../reads";
import { keyWords } from "./words";

export function Can({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const query = useCapability(of.key);
  return (
    <Card title={w.can}>
      <div className="stack">
        <Rights of={of} />
        {of.state === "requested" ? null : (
          <Read query={query}>
            {(sentences) => (
              <ul>
                {sentences.map((one) => (
                  <li key={one.en}>
                    <Text text={one[lang]} />
                  </li>
                ))}
              </ul>
            )}
          </Read>
        )}
        <p className="muted">{w.canText}</p>
      </div>
    </Card>
  );
}

export function Where({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const query = useAddresses(of.key);
  return (
    <Card title={w.where}>
      <div className="stack">
        <Read query={query}>
          {(all) =>
            all.length === 0 ? (
              <p>{w.anywhere}</p>
            ) : (
              <ul>
                {all.map((one) => (
                  <li key={one.prefix}>
                    <code>{one.prefix.replace(/\/(32|128)$/, "")}</code>
                    {one.in_effect ? null : <strong> ({w.pending})</strong>}
                  </li>
                ))}
              </ul>
            )
          }
        </Read>
        {lives(of) ? (
          <div>
            <LinkButton to={`/keys/${of.key}/addresses`}>{w.manageAddresses}</LinkButton>
          </div>
        ) : null}
      </div>
    </Card>
  );
}
