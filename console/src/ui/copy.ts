// Copies a text. A browser may not let a page do so, on a plain HTTP address above all: then nothing may say that it was copied, for it may be a
// secret that is shown once.

/** Whether it was copied. */
export async function copy(text: string): Promise<boolean> {
  try {
    await window.navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
