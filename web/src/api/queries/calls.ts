import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** How often requests that are running are looked at, in milliseconds. */
const PULSE = 2_000;

/** The latest requests to models. */
export function callsQuery(limit: number) {
  return queryOptions({
    queryKey: [...keys.calls, limit],
    queryFn: ({ signal }) => call("get", "/api/calls", { query: { limit }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.state === "running") ? PULSE : false,
  });
}
