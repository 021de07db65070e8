import { useQuery } from "@tanstack/react-query";
import { Send } from "lucide-react";
import { type ReactNode, useState } from "react";
import { callsQuery } from "@/api/queries/calls";
import type { Call } from "@/api/schema";
import { ago, count, dollars, duration } from "@/lib/format";
import { taskWords } from "@/lib/modelWords";
import { Badge, type Tone } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

/** How many of the latest requests are shown. */
const SHOWN = 20;

const STATES: Record<Call["state"], { label: string; tone: Tone }> = {
  running: { label: "Running", tone: "accent" },
  done: { label: "Done", tone: "success" },
  failed: { label: "Failed", tone: "danger" },
  cancelled: { label: "Stopped", tone: "neutral" },
  interrupted: { label: "Interrupted", tone: "warning" },
};

/** The latest requests to models: what for, why that model, what they took. */
export function CallList({
  showCall,
}: {
  /** Draws what was sent, over the page. */
  showCall: (id: string, close: () => void) => ReactNode;
}) {
  const calls = useQuery(callsQuery(SHOWN));
  const [opened, setOpened] = useState<string>();
  if (calls.isPending) {
    return (
      <Card className="p-5">
        <Skeleton lines={6} />
      </Card>
    );
  }
  if (calls.isError) {
    return <ErrorState error={calls.error} retry={() => void calls.refetch()} />;
  }
  if (calls.data.items.length === 0) {
    return (
      <Card>
        <EmptyState icon={<Send />} title="No request was made yet">
          Each request to a model is listed here, with what it used and what exactly was sent.
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <Card>
        <ol aria-label="Latest requests">
          {calls.data.items.map((one) => (
            <CallRow key={one.id} call={one} onOpen={() => setOpened(one.id)} />
          ))}
        </ol>
      </Card>
      {opened ? showCall(opened, () => setOpened(undefined)) : null}
    </>
  );
}

function CallRow({ call, onOpen }: { call: Call; onOpen: () => void }) {
  const { label, tone } = STATES[call.state];
  return (
    <li className="flex flex-col gap-1 border-line border-b px-4 py-3 last:border-0">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <button
          type="button"
          onClick={onOpen}
          aria-label={`What was sent: ${taskWords(call.task)}, ${call.model}, ${ago(call.createdAt)}`}
          className="break-all rounded-sm text-left font-medium underline decoration-line-strong underline-offset-2 hover:decoration-ink"
        >
          {taskWords(call.task)}
        </button>
        <span className="break-all font-mono text-sm">{call.model}</span>
        <Badge tone={tone}>{label}</Badge>
        {call.replacesId ? <Badge tone="warning">Took over</Badge> : null}
        {call.local ? <Badge>Own hardware</Badge> : null}
        {call.tokenId ? <Badge>By token</Badge> : null}
        <time dateTime={call.createdAt} className="ml-auto whitespace-nowrap text-muted text-sm">
          {ago(call.createdAt)}
        </time>
      </p>
      <p className="text-muted text-sm [overflow-wrap:anywhere]">
        {call.provider}. {call.reason}
      </p>
      <dl className="flex flex-wrap gap-x-4 gap-y-0.5 text-sm tabular-nums [&_dt]:mr-1 [&_dt]:inline [&_dt]:text-muted [&_dd]:inline">
        {figuresOf(call).map(([name, figure]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure}</dd>
          </div>
        ))}
      </dl>
      {call.error ? (
        <p className="text-danger text-sm [overflow-wrap:anywhere]">{call.error}</p>
      ) : null}
    </li>
  );
}

/** What a request took; what isn't known yet is left out. */
function figuresOf(call: Call): [string, string][] {
  const isRunning = call.state === "running";
  const tokens = `${call.measured ? "" : "up to "}${count(call.inputTokens)} in, ${count(call.outputTokens)} out`;
  const cost = call.costUsd == null ? "unknown" : dollars(call.costUsd);
  const figures: [string, string | undefined][] = [
    ["Tokens", isRunning ? undefined : tokens],
    ["Cached", call.cachedInputTokens > 0 ? count(call.cachedInputTokens) : undefined],
    ["Reasoning", call.reasoningTokens > 0 ? count(call.reasoningTokens) : undefined],
    ["Cost", isRunning ? undefined : cost],
    ["Reserved", isRunning && call.reservedUsd ? dollars(call.reservedUsd) : undefined],
    ["First token", call.firstTokenMs == null ? undefined : duration(call.firstTokenMs)],
    ["Whole answer", call.latencyMs == null ? undefined : duration(call.latencyMs)],
  ];
  return figures.filter((figure): figure is [string, string] => figure[1] !== undefined);
}
