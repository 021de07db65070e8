import { useQuery } from "@tanstack/react-query";
import { everyWorkspaceQuery } from "@/api/queries/workspaces";
import { USAGE_PERIODS, type UsagePeriod, usagePeriod } from "@/lib/usagePeriod";
import { Choice } from "@/ui/Choice";

/** Of which time and which workspace the usage is. */
export function UsageFilters({
  period,
  workspaceId = "",
  onPeriod,
  onWorkspace,
}: {
  period: UsagePeriod;
  /** The workspace; all of them when absent. */
  workspaceId?: string | undefined;
  onPeriod: (period: UsagePeriod) => void;
  onWorkspace: (id: string | undefined) => void;
}) {
  const workspaces = useQuery(everyWorkspaceQuery);
  const items = (workspaces.data ?? []).map(({ id, name, archivedAt }) => ({
    id,
    label: archivedAt ? `${name} (archived)` : name,
  }));
  const isGone = workspaces.data && workspaceId && !items.some(({ id }) => id === workspaceId);
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Choice
        label="When"
        value={period}
        items={USAGE_PERIODS}
        onChange={(id) => onPeriod(usagePeriod(id))}
      />
      <Choice
        label="Where"
        value={workspaceId}
        query={workspaces}
        items={isGone ? [...items, { id: workspaceId, label: "A workspace that is gone" }] : items}
        first="All workspaces"
        onChange={(id) => onWorkspace(id === "" ? undefined : id)}
      />
    </div>
  );
}
