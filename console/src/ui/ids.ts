// How an id is shown where there is no room for it: in one way on every page. The whole of it stands in the title, in the tip of its copy
// button and on the page of what it names.

/** Ids that machines made: a letter and hexadecimal digits. */
const MADE = /^[A-Z]?[0-9a-f]{16,}$/i;
/** Longer names that people gave are cut too, later. */
const NAME_MOST = 26;
const HEAD = 6;
const TAIL = 6;

/** Ids that machines made, in a sentence. */
const IN_TEXT = /\b[A-Z]?[0-9a-f]{24,}\b/gi;

/** A sentence with the ids in it as pages show them. */
export function withShortIds(text: string): string {
  return text.replaceAll(IN_TEXT, shortId);
}

/** `K065c6…c1d6aa`. Ids of one day begin alike: it is their end that tells them apart. */
export function shortId(id: string): string {
  if (!MADE.test(id) && id.length <= NAME_MOST) return id;
  return `${id.slice(0, HEAD)}…${id.slice(-TAIL)}`;
}
