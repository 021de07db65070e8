import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChartNoAxesColumn } from "lucide-react";
import { type UsageFilter, usageQuery } from "@/api/queries/usage";
import type { GroupBy, UsageRow, UsageTurn } from "@/api/schema";
import { costWords, count, day, duration, plural } from "@/lib/format";
import { moment } from "@/lib/localTime";
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

/** The key of the last row where there are too many: all that have none. */
const REST = "rest";

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
        <EmptyState icon={<ChartNoAxesColumn />} title={emptyWords(filter)}>
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

function emptyWords({ from, workspaceId }: UsageFilter): string {
  if (workspaceId) return "Nothing was used there in this time";
  return from ? "Nothing was used in this time" : "Nothing was used yet";
}

function Totals({ total }: { total: UsageRow }) {
  const figures: [string, string][] = [
    ["Cost", costWords(total.costUsd, total.unpriced)],
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
      id: "cost",
      header: "Cost",
      numeric: true,
      cell: (row) => <Cost row={row} />,
      footer: costWords(total.costUsd, total.unpriced),
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
      header: "Tokens in",
      numeric: true,
      cell: (row) => count(row.inputTokens),
      footer: count(total.inputTokens),
    },
    {
      id: "cached",
      header: "Cached",
      numeric: true,
      cell: (row) => count(row.cachedInputTokens),
      footer: count(total.cachedInputTokens),
    },
    {
      id: "output",
      header: "Tokens out",
      numeric: true,
      cell: (row) => count(row.outputTokens),
      footer: count(total.outputTokens),
    },
    {
      id: "reasoning",
      header: "Reasoning",
      numeric: true,
      cell: (row) => count(row.reasoningTokens),
      footer: count(total.reasoningTokens),
    },
    {
      id: "runs",
      header: "Execution",
      numeric: true,
      cell: (row) => duration(row.runMs),
      footer: duration(total.runMs),
    },
  ];
}

function KeyCell({ row, groupBy }: { row: UsageRow; groupBy: GroupBy }) {
  if (row.key === REST) return <span className="text-muted">{row.name}</span>;
  if (groupBy === "day") {
    return (
      <time dateTime={row.key} className="whitespace-nowrap">
        {day(row.key)}
      </time>
    );
  }
  if (groupBy === "task" && !row.name) return taskWords(row.key);
  if (row.turn) return <TurnCell turn={row.turn} title={row.name ?? ""} />;
  if (groupBy === "turn" && !row.name)
    return <span className="text-muted">A turn that is gone</span>;
  if (row.name) return <span className="break-words">{row.name}</span>;
  return <span className="break-all font-mono text-sm">{row.key}</span>;
}

/** Leads to the conversation in which the turn was asked. */
function TurnCell({ turn, title }: { turn: UsageTurn; title: string }) {
  return (
    <div className="flex min-w-40 flex-col">
      <Link
        to="/w/$workspaceId"
        params={{ workspaceId: turn.workspaceId }}
        search={{ conversation: turn.conversationId, panel: "chat" }}
        className="text-accent [overflow-wrap:anywhere] hover:underline"
      >
        {title}
      </Link>
      <time dateTime={turn.askedAt} className="text-muted text-sm">
        Asked {moment(turn.askedAt)}
      </time>
    </div>
  );
}

function Cost({ row }: { row: UsageRow }) {
  return (
    <span className="inline-flex flex-wrap items-center justify-end gap-2">
      {row.unpriced > 0 ? <Badge tone="warning">{count(row.unpriced)} unpriced</Badge> : null}
      {costWords(row.costUsd, row.unpriced)}
    </span>
  );
}
