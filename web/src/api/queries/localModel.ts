import { queryOptions } from "@tanstack/react-query";
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

/** Whether its weights are on their way. */
export function isUnderWay(local: LocalModel | undefined): boolean {
  return local?.weights === "downloading" || local?.weights === "checking";
}

/** Begins to fetch it, or goes on where it was left. */
export function pullLocalModel() {
  return call("post", "/api/models/local/pull", {});
}

/** Stops fetching; what has arrived is kept. */
export function cancelLocalModelPull() {
  return call("delete", "/api/models/local/pull", {});
}
