/** What the address of the usage page says: how it is summed up, of when and where. */
import { type UsagePeriod, usagePeriod } from "./usagePeriod";
import { idOf } from "./workspaceSearch";

export type UsageBy = "user" | "model" | "task" | "workspace" | "turn";

export interface UsageSearch {
  /** How it is summed up; by day when absent. */
  by?: UsageBy | undefined;
  /** Of which time; of this month when absent. */
  period?: Exclude<UsagePeriod, "month"> | undefined;
  /** Of which workspace; of all when absent. */
  workspace?: string | undefined;
}

const BY: readonly UsageBy[] = ["user", "model", "task", "workspace", "turn"];

/** Reads search parameters; what isn't in the form it should be is `undefined`. */
export function parseUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const period = usagePeriod(raw.period);
  return {
    by: BY.find((known) => known === raw.by),
    period: period === "month" ? undefined : period,
    workspace: idOf(raw.workspace),
  };
}
