import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Square, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { stopCell } from "@/api/queries/cells";
import { keys } from "@/api/queries/keys";
import type { Cell } from "@/api/schema";
import { bytes, duration, sentence } from "@/lib/format";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/Toast";

/** What is in a workspace's sandbox, and the way to end it. */
export function CellDetails({
  workspaceId,
  cell,
  error,
  retry,
}: {
  workspaceId: string;
  cell: Cell | undefined;
  error: unknown;
  retry: () => void;
}) {
  if (!cell) {
    return (
      <div className="p-3">
        {error ? <ErrorState error={error} retry={retry} /> : <Skeleton lines={3} />}
      </div>
    );
  }
  return (
    <>
      <div className="flex items-center gap-3 border-line border-b px-3.5 py-2.5">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">Sandbox</h2>
          <p className="text-muted text-sm tabular-nums">{factsOf(cell)}</p>
        </div>
        {cell.state === "running" ? <StopCell workspaceId={workspaceId} /> : null}
      </div>
      {cell.processes.length > 0 ? <Processes processes={cell.processes} /> : null}
      {cell.weaker.length > 0 ? (
        <div className="flex gap-2 border-line border-t bg-warning-soft px-3.5 py-2.5 text-sm first:border-0">
          <TriangleAlert aria-hidden className="mt-px size-4 shrink-0 text-warning" />
          <div>
            <p className="font-medium">Isolation is weaker than it could be</p>
            <ul>
              {cell.weaker.map((reason) => (
                <li key={reason}>{sentence(reason)}</li>
              ))}
            </ul>
            <Link to="/settings/system" className="text-accent underline underline-offset-2">
              How to strengthen it
            </Link>
          </div>
        </div>
      ) : null}
    </>
  );
}

function factsOf(cell: Cell): string {
  if (cell.state === "stopped") return "Stopped. It starts by itself when something is run.";
  const facts = [
    cell.ageMs == null ? undefined : `Up for ${duration(cell.ageMs)}`,
    cell.memoryBytes == null ? undefined : `${bytes(cell.memoryBytes)} memory`,
    cell.cpuMs == null ? undefined : `${duration(cell.cpuMs)} of processor time`,
  ];
  return facts.filter(Boolean).join(" · ") || "Running";
}

function Processes({ processes }: { processes: Cell["processes"] }) {
  return (
    <ul
      aria-label="Processes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="max-h-64 overflow-y-auto py-1 focus-visible:-outline-offset-2"
    >
      {processes.map(({ pid, command, memoryBytes }) => (
        <li key={pid} className="flex items-baseline gap-3 px-3.5 py-1 text-sm">
          <span className="w-10 shrink-0 text-right text-muted tabular-nums">{pid}</span>
          <code className="min-w-0 flex-1 truncate font-mono" title={command}>
            {command}
          </code>
          <span className="shrink-0 text-muted tabular-nums">{bytes(memoryBytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function StopCell({ workspaceId }: { workspaceId: string }) {
  const [isAsking, setAsking] = useState(false);
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: () => stopCell(workspaceId),
    onSuccess: async () => {
      toast.success("The sandbox is stopped");
      await Promise.all(
        [keys.cell(workspaceId), keys.terminals(workspaceId), keys.runs(workspaceId)].map(
          (queryKey) => client.invalidateQueries({ queryKey }),
        ),
      );
    },
    onError: (error) => toast.error(error),
    onSettled: () => setAsking(false),
  });
  return (
    <>
      <Button size="sm" icon={<Square />} onClick={() => setAsking(true)}>
        Stop
      </Button>
      <AlertDialog
        open={isAsking}
        onOpenChange={setAsking}
        title="Stop the sandbox?"
        confirm="Stop it"
        danger
        busy={stop.isPending}
        onConfirm={() => stop.mutate()}
      >
        Every run, terminal and server in this workspace is ended. Your files stay.
      </AlertDialog>
    </>
  );
}
