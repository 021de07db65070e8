import { useQuery } from "@tanstack/react-query";
import { ChartNoAxesColumn } from "lucide-react";
import { type UsageFilter, usageQuery } from "@/api/queries/usage";
import type { GroupBy, UsageRow } from "@/api/schema";
import { count, day, dollars, duration, plural } from "@/lib/format";
import { taskWords } from "@/lib/modelWords";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";

const KEY_HEADERS: Record<GroupBy, string> = {
  day: "Day (UTC)",
  user: "Person",
  model: "Model",
  task: "Task",
  workspace: "Workspace",
  turn: "Turn",
};

/** Tokens, cost and execution time, summed up. */
export function UsageReport({ filter }: { filter: UsageFilter }) {
  const usage = useQuery(usageQuery(filter));
  if (usage.isPending) {
    return (
      <Card className="p-5">
        <Skeleton lines={4} />
      </Card>
    );
  }
  if (usage.isError) {
    return <ErrorState error={usage.error} retry={() => void usage.refetch()} />;
  }
  const { items, total } = usage.data;
  if (items.length === 0) {
    return (
      <Card>
        <EmptyState icon={<ChartNoAxesColumn />} title="Nothing was used yet">
          Each turn of the assistant and each run is counted here.
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <Totals total={total} />
      <Card>
        <Table
          caption={`Usage by ${filter.groupBy}`}
          columns={columnsFor(filter.groupBy, total)}
          rows={items}
          rowKey={(row) => row.key}
        />
      </Card>
      {total.unpriced > 0 ? (
        <p className="text-muted">
          {plural(total.unpriced, "use has", "uses have")} no known price and{" "}
          {total.unpriced === 1 ? "is" : "are"} not in the cost. Set the price on the Models page.
        </p>
      ) : null}
    </>
  );
}

function Totals({ total }: { total: UsageRow }) {
  const figures: [string, string][] = [
    ["Cost", dollars(total.costUsd)],
    ["Input tokens", count(total.inputTokens)],
    ["Output tokens", count(total.outputTokens)],
    ["Execution time", duration(total.runMs)],
  ];
  return (
    <dl aria-label="Totals" className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      {figures.map(([label, figure]) => (
        <Card key={label} className="flex flex-col-reverse px-4 py-3">
          <dt className="text-muted text-sm">{label}</dt>
          <dd className="font-semibold text-lg tabular-nums tracking-[-0.01em]">{figure}</dd>
        </Card>
      ))}
    </dl>
  );
}

function columnsFor(groupBy: GroupBy, total: UsageRow): Column<UsageRow>[] {
  return [
    {
      id: "key",
      header: KEY_HEADERS[groupBy],
      cell: (row) => <KeyCell row={row} groupBy={groupBy} />,
      footer: "Total",
    },
    {
      id: "calls",
      header: "Requests",
      numeric: true,
      cell: (row) => count(row.calls),
      footer: count(total.calls),
    },
    {
      id: "input",
      header: "Input tokens",
      numeric: true,
      cell: (row) => count(row.inputTokens),
      footer: count(total.inputTokens),
    },
    {
      id: "output",
      header: "Output tokens",
      numeric: true,
      cell: (row) => count(row.outputTokens),
      footer: count(total.outputTokens),
    },
    {
      id: "runs",
      header: "Execution",
      numeric: true,
      cell: (row) => duration(row.runMs),
      footer: duration(total.runMs),
    },
    {
      id: "cost",
      header: "Cost",
      numeric: true,
      cell: (row) => <Cost row={row} />,
      footer: dollars(total.costUsd),
    },
  ];
}

function KeyCell({ row, groupBy }: { row: UsageRow; groupBy: GroupBy }) {
  if (groupBy === "day") {
    return (
      <time dateTime={row.key} className="whitespace-nowrap">
        {day(row.key)}
      </time>
    );
  }
  if (groupBy === "task") return taskWords(row.key);
  if (row.name) return <span className="break-words">{row.name}</span>;
  return <span className="break-all font-mono text-sm">{row.key}</span>;
}

function Cost({ row }: { row: UsageRow }) {
  return (
    <span className="inline-flex flex-wrap items-center justify-end gap-2">
      {row.unpriced > 0 ? <Badge tone="warning">{count(row.unpriced)} unpriced</Badge> : null}
      {dollars(row.costUsd)}
    </span>
  );
}
