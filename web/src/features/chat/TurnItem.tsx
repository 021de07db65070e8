import { Link } from "@tanstack/react-router";
import { RotateCcw, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { ApiError } from "@/api/client";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { sentence } from "@/lib/format";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Answer } from "./Answer";
import { ContextLine, SwitchedLine } from "./ContextLine";
import type { Exchange } from "./exchange";
import { PhaseLine } from "./PhaseLine";
import { PreviewCard } from "./PreviewCard";
import { ProposalCard } from "./ProposalCard";
import { phaseOf, type TurnBlock, type TurnLog } from "./turnLog";

/** A question and its answer. */
export const TurnItem = memo(function TurnItem({
  workspaceId,
  exchange,
  isUndecided,
  onRetry,
}: {
  workspaceId: string;
  exchange: Exchange;
  /** A proposal of it waits for a decision. */
  isUndecided: boolean;
  onRetry: ((question: string) => void) | undefined;
}) {
  const { question, log, error, isReconnecting } = exchange;
  const retry = onRetry && question !== "" ? () => onRetry(question) : undefined;
  return (
    <li className="flex flex-col gap-3 px-3.5 py-4">
      {question === "" ? null : (
        <div className="ml-6 self-end rounded-lg rounded-br-sm bg-hover px-3 py-2 leading-relaxed">
          <h3 className="sr-only">You asked</h3>
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{question}</p>
        </div>
      )}
      {log ? (
        <div className="flex min-w-0 flex-col gap-3">
          <h3 className="sr-only">The assistant answered</h3>
          <Blocks workspaceId={workspaceId} log={log} />
          {log.state === "running" && log.previews.length > 0 ? (
            <PreviewCard previews={log.previews} />
          ) : null}
          <Ending log={log} retry={retry} />
          <PhaseLine
            phase={phaseOf(log, isUndecided)}
            model={log.model}
            usage={log.usage}
            isReconnecting={isReconnecting}
          />
        </div>
      ) : error === undefined ? (
        <PhaseLine phase="thinking" model={undefined} usage={undefined} isReconnecting={false} />
      ) : null}
      {error === undefined ? null : (
        <div className="flex flex-col gap-2">
          <ErrorState error={error} retry={retry} />
          {error instanceof ApiError ? <SettingsLink code={error.code} /> : null}
        </div>
      )}
    </li>
  );
});

function Blocks({ workspaceId, log }: { workspaceId: string; log: TurnLog }) {
  const show = useShowInWorkspace();
  const proposal = log.blocks.find((block) => block.kind === "proposal");
  const onReview = proposal
    ? () => show({ proposal: proposal.proposalId, panel: "review" })
    : undefined;
  return log.blocks.map((block, index) => (
    <Block
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks are only ever added at the end
      key={index}
      workspaceId={workspaceId}
      block={block}
      isStreaming={log.state === "running" && index === log.blocks.length - 1}
      onReview={onReview}
    />
  ));
}

function Block({
  workspaceId,
  block,
  isStreaming,
  onReview,
}: {
  workspaceId: string;
  block: TurnBlock;
  isStreaming: boolean;
  onReview: (() => void) | undefined;
}) {
  switch (block.kind) {
    case "text":
      return <Answer text={block.text} isStreaming={isStreaming} onReview={onReview} />;
    case "reasoning":
      return <Reasoning text={block.text} />;
    case "context":
      return <ContextLine block={block} />;
    case "switched":
      return <SwitchedLine block={block} />;
    case "proposal":
      return (
        <ProposalCard
          workspaceId={workspaceId}
          proposalId={block.proposalId}
          counts={block.counts}
        />
      );
    case "editFailed":
      return <EditFailed block={block} />;
  }
}

function Reasoning({ text }: { text: string }) {
  return (
    <details className="text-muted text-sm">
      <summary className="cursor-pointer select-none">Reasoning</summary>
      <p className="mt-1 whitespace-pre-wrap border-line border-l-2 pl-3 [overflow-wrap:anywhere]">
        {text}
      </p>
    </details>
  );
}

/** An edit that can't be used, with what the assistant was told about it. */
function EditFailed({ block }: { block: Extract<TurnBlock, { kind: "editFailed" }> }) {
  return (
    <div className="flex gap-2.5 rounded-md border border-warning/45 bg-warning-soft px-3 py-2.5">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
      <div className="min-w-0">
        <p className="font-medium">
          {block.path ? `The edit to ${block.path} can't be used` : "An edit can't be used"}
        </p>
        <p className="mt-0.5 whitespace-pre-wrap text-sm [overflow-wrap:anywhere]">
          {block.detail}
        </p>
        <p className="mt-0.5 text-muted text-sm">Nothing was changed ({block.code}).</p>
      </div>
    </div>
  );
}

/** What to do when a turn did not end well. */
function Ending({ log, retry }: { log: TurnLog; retry: (() => void) | undefined }) {
  if (log.state === "running" || log.state === "done") return null;
  const { detail, hint, code } = log.failure ?? {};
  const words =
    log.state === "failed"
      ? (detail ?? "The model's service failed.")
      : log.state === "cancelled"
        ? "You stopped it. What came until then is kept; nothing was written to your files."
        : "The server stopped while it answered. What came until then is kept.";
  return (
    <div
      role={log.state === "failed" ? "alert" : undefined}
      className={
        log.state === "failed"
          ? "rounded-md border border-danger/40 bg-danger-soft px-3 py-2.5"
          : "rounded-md border border-line bg-panel px-3 py-2.5"
      }
    >
      <p className="[overflow-wrap:anywhere]">{sentence(words)}</p>
      {hint ? <p className="mt-1 text-muted [overflow-wrap:anywhere]">{hint}</p> : null}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        {retry ? (
          <Button size="sm" icon={<RotateCcw />} onClick={retry}>
            Ask again
          </Button>
        ) : null}
        <SettingsLink code={code} />
      </div>
    </div>
  );
}

/** Leads to where it can be seen to that a model answers. */
function SettingsLink({ code }: { code: string | undefined }) {
  const [label, view] =
    code === "budget_exceeded"
      ? (["Budgets", "budgets"] as const)
      : code === "price_unknown"
        ? (["Set its price", undefined] as const)
        : code?.startsWith("model")
          ? (["Model settings", undefined] as const)
          : [undefined, undefined];
  if (!label) return null;
  return (
    <Link
      to="/settings/models"
      search={view ? { view } : {}}
      className="text-accent text-sm underline underline-offset-2"
    >
      {label}
    </Link>
  );
}
