import { queryOptions } from "@tanstack/react-query";
import { isComing } from "@/lib/localModelState";
import { call } from "../client";
import type { LocalModel } from "../schema";
import { keys } from "./keys";

/** How often what is under way is asked for anew, in milliseconds. */
const PULSE = 700;

/** How far the model is that runs on the server's machine. */
export const localModelQuery = queryOptions({
  queryKey: keys.localModel,
  queryFn: ({ signal }) => call("get", "/api/models/local", { signal }),
  refetchInterval: ({ state }) => (isUnderWay(state.data) ? PULSE : false),
});

/** Whether something of it is on its way. */
export function isUnderWay(local: LocalModel | undefined): boolean {
  return local !== undefined && isComing(local);
}

/** Begins to get what is missing, or goes on where it was left. */
export function pullLocalModel(installPackages: boolean) {
  return call("post", "/api/models/local/pull", { query: { installPackages } });
}

/** Stops getting it; what has arrived is kept. */
export function cancelLocalModelPull() {
  return call("delete", "/api/models/local/pull", {});
}
