import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Copy, RotateCcw } from "lucide-react";
import { useEffect, useRef } from "react";
import { keys } from "@/api/queries/keys";
import type { Outcome, Run, StageName } from "@/api/schema";
import { bytes, duration, sentence } from "@/lib/format";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { toast } from "@/ui/Toast";
import { LiveRegion } from "@/ui/VisuallyHidden";
import { OutcomeBadge } from "./OutcomeBadge";
import { endingOf, wordsOf } from "./outcome";
import { ERROR_MARK } from "./output";
import { type RunProgress, useRunOutput } from "./useRunOutput";

/** The ends that a larger limit may prevent. */
const LIMITED: readonly Outcome[] = ["timeout", "memory", "pids", "output", "disk"];

/** One run: what was run, how it stands or ended, and its output. */
export function RunView({ run, onRerun }: { run: Run; onRerun: () => void }) {
  const screen = useRef<HTMLDivElement>(null);
  const progress = useRunOutput(run.id, `Output of ${run.command}`, screen);
  const known = withEnd(run, progress);
  useListedEnd(run, progress);
  const isOver = known.status === "finished";
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <RunHead
        run={known}
        stage={progress.stage}
        onRerun={onRerun}
        outputText={progress.outputText}
      />
      <Explanation run={known} />
      {progress.error === undefined ? null : <ErrorState error={progress.error} className="m-2" />}
      <div className="relative min-h-0 flex-1 bg-sunken">
        <div ref={screen} className="absolute inset-0 overflow-hidden py-1.5 pr-1 pl-3" />
        {!progress.hasOutput && progress.error === undefined ? (
          <p className="absolute inset-x-0 top-0 px-3 py-2 text-muted text-sm">
            {isOver ? "It printed nothing." : "No output yet."}
          </p>
        ) : null}
      </div>
      {progress.link === "waiting" ? (
        <p className="border-line border-t px-3 py-1 text-muted text-sm">
          Connection lost; the run goes on, its output will follow…
        </p>
      ) : null}
      <LiveRegion>{known.outcome ? spoken(known) : ""}</LiveRegion>
    </div>
  );
}

function RunHead({
  run,
  stage,
  onRerun,
  outputText,
}: {
  run: Run;
  stage: StageName | undefined;
  onRerun: () => void;
  outputText: () => string;
}) {
  const facts = [
    endingOf(run),
    run.wallMs ? duration(run.wallMs) : undefined,
    compiledIn(run),
  ].filter(Boolean);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(outputText());
      toast.success("The output was copied");
    } catch {
      toast.info("The browser did not allow copying");
    }
  };
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2.5 gap-y-1 border-line border-b px-3 py-1">
      <OutcomeBadge
        status={run.status}
        outcome={run.outcome}
        queuePosition={run.queuePosition}
        stage={stage}
      />
      <code
        className="min-w-0 flex-1 truncate font-mono text-sm max-sm:order-last max-sm:basis-full"
        title={run.command}
      >
        {run.command}
      </code>
      <span className="text-muted text-sm tabular-nums">
        {facts.join(" · ")}
        {run.peakMemoryBytes ? (
          <span className="max-sm:hidden"> · {bytes(run.peakMemoryBytes)} memory</span>
        ) : null}
      </span>
      {run.stderrBytes > 0 ? (
        <span className="text-muted text-sm max-md:sr-only">
          <span aria-hidden className="text-danger">
            {ERROR_MARK}
          </span>
          marks errors
        </span>
      ) : null}
      <span className="flex max-sm:ml-auto">
        <IconButton size="sm" label="Copy the output" icon={<Copy />} onClick={() => void copy()} />
        <IconButton
          size="sm"
          label="Run again"
          icon={<RotateCcw />}
          disabled={run.status !== "finished"}
          onClick={onRerun}
        />
      </span>
    </header>
  );
}

function meaningOf({ stages }: Run, outcome: Outcome): string {
  const failed = stages?.find((stage) => stage.outcome !== "ok");
  if (outcome === "exit" && failed?.name === "compile") {
    return "It could not be compiled, so it was not run.";
  }
  return wordsOf(outcome).meaning;
}

/** How long it was compiled for, when that was a stage of its own. */
function compiledIn({ stages }: Run): string | undefined {
  const stage = stages?.find(({ name }) => name === "compile");
  return stage ? `compiled in ${duration(stage.wallMs)}` : undefined;
}

/** Why it did not end well, in words. */
function Explanation({ run }: { run: Run }) {
  const needsNone = ["ok", "cancelled"];
  if (!run.outcome || needsNone.includes(run.outcome)) return null;
  const failed = run.stages?.find(({ outcome }) => outcome !== "ok");
  if (run.outcome === "exit" && failed?.name !== "compile") return null;
  return (
    <div className="shrink-0 border-line border-b bg-warning-soft px-3 py-1.5 text-sm">
      <p>
        {run.reason ? sentence(run.reason) : meaningOf(run, run.outcome)}
        {LIMITED.includes(run.outcome) ? (
          <>
            {" "}
            <Link
              to="."
              search={(previous: object) => ({ ...previous, settings: "limits" as const })}
              className="text-accent underline underline-offset-2"
            >
              Limits of this workspace
            </Link>
          </>
        ) : null}
      </p>
      {run.outcome === "refused" ? (
        <p className="mt-1">
          <Link to="/settings/system" className="text-accent underline underline-offset-2">
            See how runs are isolated here and what is missing
          </Link>
        </p>
      ) : null}
    </div>
  );
}

/** Has the list of runs read again when the stream knows of an end that it doesn't. */
function useListedEnd({ id, workspaceId, status }: Run, { end }: RunProgress): void {
  const client = useQueryClient();
  const isListStale = end !== undefined && status !== "finished";
  useEffect(() => {
    if (!isListStale) return;
    void client.invalidateQueries({ queryKey: keys.runs(workspaceId) });
    void client.invalidateQueries({ queryKey: keys.run(id) });
  }, [client, isListStale, workspaceId, id]);
}

/** What is known of the run, the live stream being ahead of the list. */
function withEnd(run: Run, { end, hasStarted }: RunProgress): Run {
  if (!end) return hasStarted && run.status === "queued" ? { ...run, status: "running" } : run;
  const { outcome, exitCode, signal, reason, wallMs } = end;
  return { ...run, status: "finished", outcome, exitCode, signal, reason, wallMs };
}

function spoken(run: Run): string {
  const { label } = wordsOf(run.outcome ?? "ok");
  return `Run ${label.toLowerCase()}${run.exitCode == null ? "" : `, exit status ${run.exitCode}`}`;
}
