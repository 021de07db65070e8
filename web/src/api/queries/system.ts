import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** What the server and its machine can do. */
export const systemQuery = queryOptions({
  queryKey: keys.system,
  queryFn: ({ signal }) => call("get", "/api/system", { signal }),
  staleTime: 60_000,
});

/** The languages that can be run here, with their versions. */
export const runtimesQuery = queryOptions({
  queryKey: keys.runtimes,
  queryFn: ({ signal }) => call("get", "/api/runtimes", { signal }),
  staleTime: 60_000,
});
