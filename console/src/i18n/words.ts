// Texts in Korean and English. A page keeps its own beside it; a text that one language lacks does not compile.

export type Lang = "ko" | "en";

type Word = string | ((...values: never[]) => string);

/** English must have every key of the Korean, with the same arguments. */
type Same<K extends Record<string, Word>> = {
  [P in keyof K]: K[P] extends (...values: infer A) => string ? (...values: A) => string : string;
};

export type Words<K extends Record<string, Word>> = { ko: Same<K>; en: Same<K> };

/** Texts of one page: Korean first, then English with the same keys. */
export function words<K extends Record<string, Word>>(ko: K, en: Same<K>): Words<K> {
  return { ko: ko as unknown as Same<K>, en };
}
