/** Where the model on the server's own machine stands, as one word with what can be done. */
import { bytes } from "./format";

interface Local {
  readonly weights: "absent" | "downloading" | "checking" | "ready";
  readonly helper: "missing" | "ready" | "loaded";
  readonly sizeBytes: number;
  readonly receivedBytes: number;
  readonly checkedBytes: number;
  readonly failure?: string | null | undefined;
  readonly build: Build;
}

interface Build {
  readonly state: "unavailable" | "idle" | "needsPackages" | "running" | "failed";
  readonly step?: string | null | undefined;
  readonly percent?: number | null | undefined;
}

export type LocalStanding =
  | "absent"
  | "paused"
  | "fetching"
  | "asking"
  | "noHelper"
  | "ready"
  | "loaded";

/** Whether something of it is on its way. */
export function isComing(local: Local): boolean {
  return isDownloading(local) || local.build.state === "running";
}

/** Whether its weights are on their way. */
export function isDownloading(local: Local): boolean {
  return local.weights === "downloading" || local.weights === "checking";
}

/** Whether the server can build its program. */
export function isBuildable({ helper, build }: Local): boolean {
  return helper === "missing" && (build.state === "idle" || build.state === "failed");
}

/** Whether the button has something to do. */
export function isGettable(local: Local): boolean {
  const standing = standingOf(local);
  if (standing === "absent" || standing === "paused") return true;
  return isBuildable(local) && standing === "noHelper";
}

/** Where it stands, seen from what a person can do about it. */
export function standingOf(local: Local): LocalStanding {
  if (local.build.state === "needsPackages" && local.helper === "missing") return "asking";
  if (isComing(local)) return "fetching";
  if (local.weights === "absent") return local.receivedBytes > 0 ? "paused" : "absent";
  if (local.helper === "missing") return "noHelper";
  return local.helper === "loaded" ? "loaded" : "ready";
}

export const STANDING_WORDS: Readonly<Record<LocalStanding, string>> = {
  absent: "Not here yet",
  paused: "Partly here",
  fetching: "On its way",
  asking: "Needs packages",
  noHelper: "Needs its program",
  ready: "Ready",
  loaded: "In memory",
};

/** "Get the local model (1.1 GB)", in the gigabytes that downloads are told in. */
export function pullWords(local: Local): string {
  if (local.weights === "ready") return "Build its program";
  const size = `${(local.sizeBytes / 1e9).toFixed(1)} GB`;
  if (local.receivedBytes === 0) return `Get the local model (${size})`;
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
