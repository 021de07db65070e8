// Writes a `.br` beside every text file of the build, so that the server sends
// what was compressed once, and at the highest level.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(js|css|html|svg|json|txt|webmanifest)$/;
/** Below this the saving isn't worth a second file. */
const SMALLEST = 1024;

const compress = promisify(brotliCompress);
const files = await readdir(DIST, { recursive: true, withFileTypes: true });
await Promise.all(
  files
    .filter((file) => file.isFile() && TEXT.test(file.name))
    .map((file) => join(file.parentPath, file.name))
    // The manifest is for our own scripts, not for browsers.
    .filter((path) => !path.includes("/.vite/"))
    .map(async (path) => {
      const text = await readFile(path);
      if (text.length < SMALLEST) return;
      const packed = await compress(text, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        },
      });
      await writeFile(`${path}.br`, packed);
    }),
);
