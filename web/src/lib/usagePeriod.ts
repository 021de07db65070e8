/** The times for which usage is summed up. Months are UTC's, as the server's days are. */

export type UsagePeriod = "month" | "last" | "all";

export const USAGE_PERIODS: readonly { readonly id: UsagePeriod; readonly label: string }[] = [
  { id: "month", label: "This month" },
  { id: "last", label: "Last month" },
  { id: "all", label: "All time" },
];

/** The period of that name; this month when there is none. */
export function usagePeriod(value: unknown): UsagePeriod {
  return USAGE_PERIODS.find(({ id }) => id === value)?.id ?? "month";
}

/** Where a period begins and ends. This month and all time are open at the end. */
export function rangeOf(
  period: UsagePeriod,
  now: number = Date.now(),
): { readonly from?: string; readonly to?: string } {
  const today = new Date(now);
  const month = (ahead: number) =>
    new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead)).toISOString();
  switch (period) {
    case "month":
      return { from: month(0) };
    case "last":
      return { from: month(-1), to: month(0) };
    case "all":
      return {};
  }
}
