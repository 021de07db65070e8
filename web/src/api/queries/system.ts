import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** What the server and its machine can do. */
export const systemQuery = queryOptions({
  queryKey: keys.system,
  queryFn: ({ signal }) => call("get", "/api/system", { signal }),
  staleTime: 60_000,
});
