import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Play, ShieldAlert } from "lucide-react";
import { useState } from "react";
import { cancelRun, runQuery, runsQuery } from "@/api/queries/runs";
import { systemQuery } from "@/api/queries/system";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/Toast";
import { RunForm } from "./RunForm";
import { RunHistory } from "./RunHistory";
import { RunView } from "./RunView";
import { useRunFile } from "./useRunFile";
import { useStartRun } from "./useStartRun";

/** Runs files and command lines. The run shown is the address's `?run=`, or the latest. */
export function RunPanel({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const search = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const runs = useQuery(runsQuery(workspaceId));
  const file = useRunFile(workspaceId);
  const start = useStartRun(workspaceId);
  const stop = useMutation({ mutationFn: cancelRun, onError: (error) => toast.error(error) });
  const [isHistoryShown, setHistoryShown] = useState(false);

  const items = runs.data?.items ?? [];
  const listed = search.run ? items.find(({ id }) => id === search.run) : items[0];
  const single = useQuery({
    ...runQuery(search.run ?? ""),
    enabled: search.run !== undefined && listed === undefined,
  });
  const run = listed ?? (search.run ? single.data : undefined);
  const isRunning = run !== undefined && run.status !== "finished";
  const begin = (wanted: Parameters<typeof start.mutate>[0]) => {
    setHistoryShown(false);
    start.mutate(wanted);
  };

  const failure = start.error ?? (run ? undefined : (runs.error ?? single.error));
  return (
    <section aria-label="Run" className="flex min-h-0 flex-1 flex-col bg-panel">
      <RunForm
        workspaceId={workspaceId}
        fileName={file?.path.slice(file.path.lastIndexOf("/") + 1)}
        isStarting={start.isPending}
        isRunning={isRunning}
        isStopping={stop.isPending}
        isHistoryShown={isHistoryShown}
        onRunFile={() => {
          if (file) begin(file);
        }}
        onCommand={(command) => begin({ type: "command", command })}
        onStop={() => {
          if (run) stop.mutate(run.id);
        }}
        onHistory={() => setHistoryShown(!isHistoryShown)}
      />
      <IsolationNotice />
      {failure ? <ErrorState error={failure} className="m-2" /> : null}
      {isHistoryShown ? (
        <RunHistory
          runs={items}
          shown={run?.id}
          onShow={({ id }) => {
            setHistoryShown(false);
            show({ run: id });
          }}
        />
      ) : run ? (
        <RunView
          key={run.id}
          run={run}
          onRerun={() => begin({ type: "command", command: run.command })}
        />
      ) : runs.isPending || single.isLoading ? (
        <Skeleton lines={3} className="p-3" />
      ) : failure ? null : (
        <EmptyState icon={<Play />} title="Nothing has been run yet">
          Run the file in the editor or any command line. It runs in a sandbox without network.
        </EmptyState>
      )}
    </section>
  );
}

/** Says beforehand that runs will be refused, and why. */
function IsolationNotice() {
  const { data } = useQuery(systemQuery);
  if (!data || data.isolation.ready) return null;
  return (
    <p className="flex shrink-0 items-start gap-2 border-line border-b bg-warning-soft px-3 py-1.5 text-sm">
      <ShieldAlert aria-hidden className="mt-px size-4 shrink-0 text-warning" />
      <span>
        Runs are off: {data.isolation.reason ?? "this machine can't isolate them."}{" "}
        <Link to="/settings/system" className="text-accent underline underline-offset-2">
          What is missing
        </Link>
      </span>
    </p>
  );
}
