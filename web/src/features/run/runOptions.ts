/** What a person chose for runs in a workspace, while the page is open. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Execute } from "@/api/schema";
import { type LimitTexts, type LimitValues, parseLimits } from "@/lib/limitsForm";

export interface RunOptions {
  /** What programs read on standard input. */
  readonly stdin: string;
  /** Limits of the next runs, as they are written. */
  readonly limits: LimitTexts;
  /** For servers: the longest time that there is. */
  readonly isServer: boolean;
  /** Where it runs: in the workspace, in a draft that is made for it, or in one by its id. */
  readonly place: "workspace" | "new" | { readonly draftId: string };
}

export const NO_OPTIONS: RunOptions = {
  stdin: "",
  limits: {},
  isServer: false,
  place: "workspace",
};

const stores = new Map<string, StoreApi<RunOptions>>();

/** The options of a workspace's runs. */
export function runOptions(workspaceId: string): StoreApi<RunOptions> {
  const known = stores.get(workspaceId);
  if (known) return known;
  const store = createStore<RunOptions>()(() => NO_OPTIONS);
  stores.set(workspaceId, store);
  return store;
}

/** What of the options the server is told. Limits that can't be read are left out. */
export function executeOptions(
  { stdin, limits, isServer }: RunOptions,
  longestTimeoutMs: number | undefined,
): Pick<Execute, "stdin" | "limits"> {
  const read = parseLimits(limits, {});
  const values: LimitValues = {
    ...("values" in read ? read.values : {}),
    ...(isServer && longestTimeoutMs ? { timeoutMs: longestTimeoutMs } : {}),
  };
  return {
    ...(stdin === "" ? {} : { stdin }),
    ...(Object.keys(values).length > 0 ? { limits: values } : {}),
  };
}

/** How many of the options are not as at first. */
export function countOptions({ stdin, limits, isServer, place }: RunOptions): number {
  const written = Object.values(limits).filter((text) => text !== "").length;
  return written + Number(stdin !== "") + Number(isServer) + Number(place !== NO_OPTIONS.place);
}
