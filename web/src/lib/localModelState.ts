/** Where the model on the server's own machine stands, as one word with what can be done. */
import { bytes } from "./format";

interface Local {
  readonly weights: "absent" | "downloading" | "checking" | "ready";
  readonly helper: "missing" | "ready" | "loaded";
  readonly sizeBytes: number;
  readonly receivedBytes: number;
  readonly checkedBytes: number;
  readonly failure?: string | null | undefined;
}

export type LocalStanding = "absent" | "paused" | "fetching" | "noHelper" | "ready" | "loaded";

/** Where it stands, seen from what a person can do about it. */
export function standingOf(local: Local): LocalStanding {
  if (local.weights === "downloading" || local.weights === "checking") return "fetching";
  if (local.weights === "absent") return local.receivedBytes > 0 ? "paused" : "absent";
  if (local.helper === "missing") return "noHelper";
  return local.helper === "loaded" ? "loaded" : "ready";
}

export const STANDING_WORDS: Readonly<Record<LocalStanding, string>> = {
  absent: "Not here yet",
  paused: "Partly here",
  fetching: "On its way",
  noHelper: "Needs its program",
  ready: "Ready",
  loaded: "In memory",
};

/** "Get the local model (1.1 GB)", in the gigabytes that downloads are told in. */
export function pullWords(local: Local): string {
  const size = `${(local.sizeBytes / 1e9).toFixed(1)} GB`;
  if (standingOf(local) !== "paused") return `Get the local model (${size})`;
  const left = Math.max(0, local.sizeBytes - local.receivedBytes);
  return `Go on with the download (${(left / 1e9).toFixed(1)} GB left)`;
}

/** How far what is under way is: its words and its percentage. */
export function progressOf(local: Local): { label: string; percent: number } {
  const isCheck = local.weights === "checking";
  const done = isCheck ? local.checkedBytes : local.receivedBytes;
  const share = local.sizeBytes > 0 ? Math.min(1, done / local.sizeBytes) : 0;
  const what = isCheck ? "Comparing it with its hash" : "Downloading";
  return {
    label: `${what}: ${bytes(done)} of ${bytes(local.sizeBytes)}`,
    percent: share * 100,
  };
}
