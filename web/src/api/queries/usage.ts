import { queryOptions } from "@tanstack/react-query";
import { addressOf, call } from "../client";
import type { GroupBy } from "../schema";
import { keys } from "./keys";

export interface UsageFilter {
  groupBy: GroupBy;
  workspaceId?: string;
  /** From this time on, RFC 3339. */
  from?: string;
  /** Before this time, RFC 3339. */
  to?: string;
}

/** Tokens, cost and execution time, summed up. */
export function usageQuery(filter: UsageFilter) {
  return queryOptions({
    queryKey: [...keys.usage, filter],
    queryFn: ({ signal }) => call("get", "/api/usage", { query: filter, signal }),
  });
}

/** Where the same comes as a CSV file. */
export function usageCsvAddress(filter: UsageFilter): string {
  return addressOf("/api/usage", {}, { ...filter, format: "csv" });
}
