/** Runs the end-to-end stories: `node e2e/run.mjs [part of a name]`. */
import { readdir } from "node:fs/promises";
import { runStories } from "./harness/story.mjs";

const folder = new URL("./stories/", import.meta.url);
for (const file of (await readdir(folder)).sort()) {
  if (file.endsWith(".mjs")) await import(new URL(file, folder));
}
process.exitCode = (await runStories(process.argv[2] ?? "")) ? 0 : 1;
