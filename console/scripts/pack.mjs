// Writes each built file a second time, compressed, so that the server need not compress, and says what the first view weighs.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

/** Bytes of a first view, compressed: HTML, scripts and styles that it needs. */
const FIRST_VIEW_MAX = 350_000;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (!path.endsWith(".gz")) yield path;
  }
}

for (const part of ["staff", "owner"]) {
  const folder = join("dist", part);
  const packed = new Map();
  for (const path of files(folder)) {
    const small = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION });
    writeFileSync(`${path}.gz`, small);
    packed.set(path, small.length);
  }
  const html = readFileSync(join(folder, `${part}.html`), "utf8");
  const first = [...packed].filter(([path]) => path.endsWith(".html") || html.includes(path.slice(folder.length)));
  const bytes = first.reduce((sum, [, length]) => sum + length, 0);
  console.log(
    `${part}: first view ${(bytes / 1000).toFixed(0)} kB gzip in ${first.length} files (at most ${FIRST_VIEW_MAX / 1000})`,
  );
  if (bytes > FIRST_VIEW_MAX) process.exit(1);
}
