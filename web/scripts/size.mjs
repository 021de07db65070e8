// Counts what a browser fetches and fails when it is over the budget. Bytes as
// they are sent: the `.br` file where there is one.
import { readFile, stat } from "node:fs/promises";

const KIB = 1024;
/** Scripts and styles that stand before the first page is shown. */
const INITIAL_BUDGET = 300 * KIB;
/** Each script that is fetched later. */
const LAZY_BUDGET = 150 * KIB;

const DIST = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", DIST), "utf8"));

/** The bytes of a file as it is sent. */
async function sent(file) {
  const packed = await stat(new URL(`${file}.br`, DIST)).catch(() => undefined);
  return (packed ?? (await stat(new URL(file, DIST)))).size;
}

/** The files that an entry needs before it runs. */
function needed(key, into = new Set()) {
  const chunk = manifest[key];
  for (const file of [chunk.file, ...(chunk.css ?? [])]) into.add(file);
  for (const next of chunk.imports ?? []) needed(next, into);
  return into;
}

/** The sizes of files, and their sum. */
async function weigh(files) {
  const sizes = await Promise.all([...files].map(sent));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const kib = (size) => `${(size / KIB).toFixed(1)} KiB`;
const failures = [];
const check = (label, size, budget) => {
  console.log(`${size > budget ? "FAIL" : "ok  "} ${label}: ${kib(size)} of ${kib(budget)}`);
  if (size > budget) failures.push(label);
};

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const atStart = needed(entry);

/** What a page needs before it can be used. */
const PAGES = {
  dashboard: [],
  workspace: [
    "src/routes/WorkspaceRoute.tsx",
    "src/features/tree/FileTree.tsx",
    "src/features/editor/EditorPane.tsx",
    "src/features/chat/ChatPanel.tsx",
  ],
};
for (const [page, keys] of Object.entries(PAGES)) {
  const files = new Set(atStart);
  for (const key of keys) needed(key, files);
  check(`${page}, first load`, await weigh(files), INITIAL_BUDGET);
}

const lazy = new Set(Object.values(manifest).map((chunk) => chunk.file));
for (const file of lazy) {
  if (atStart.has(file) || !/\.(js|css)$/.test(file)) continue;
  const size = await sent(file);
  if (size > LAZY_BUDGET / 4) check(file, size, LAZY_BUDGET);
}
console.log(
  `\n${failures.length === 0 ? "Within the budget." : `Over the budget: ${failures.join(", ")}`}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
