import { History } from "lucide-react";
import type { Run } from "@/api/schema";
import { ago, duration } from "@/lib/format";
import { EmptyState } from "@/ui/EmptyState";
import { OutcomeBadge } from "./OutcomeBadge";
import { endingOf } from "./outcome";

/** The latest runs; choosing one shows its output again. */
export function RunHistory({
  runs,
  shown,
  onShow,
}: {
  runs: readonly Run[];
  shown: string | undefined;
  onShow: (run: Run) => void;
}) {
  if (runs.length === 0) {
    return (
      <EmptyState icon={<History />} title="Nothing has been run here">
        Every run is kept with its output.
      </EmptyState>
    );
  }
  return (
    <ul aria-label="Earlier runs" className="min-h-0 flex-1 overflow-y-auto py-1">
      {runs.map((run) => (
        <li key={run.id}>
          <button
            type="button"
            aria-current={run.id === shown || undefined}
            onClick={() => onShow(run)}
            className="grid min-h-row w-full grid-cols-[1fr_auto] items-center gap-x-3 gap-y-0.5 px-3 py-1 text-left -outline-offset-2 hover:bg-hover aria-[current]:bg-accent-soft sm:grid-cols-[minmax(0,1fr)_9rem_9rem_7rem]"
          >
            <code className="truncate font-mono text-sm">{run.command}</code>
            <span className="text-right text-muted text-sm tabular-nums">
              {[endingOf(run), run.wallMs == null ? undefined : duration(run.wallMs)]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <span>
              <OutcomeBadge
                status={run.status}
                outcome={run.outcome}
                queuePosition={run.queuePosition}
              />
            </span>
            <span className="text-right text-muted text-sm">{ago(run.createdAt)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
