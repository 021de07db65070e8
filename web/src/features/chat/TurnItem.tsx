import { KeyRound, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { ApiError } from "@/api/client";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import type { SelectedLines } from "@/lib/selection";
import { ErrorState } from "@/ui/ErrorState";
import { Answer } from "./Answer";
import { ContextLine, SwitchedLine } from "./ContextLine";
import { Ending, SettingsLink } from "./Ending";
import type { Exchange } from "./exchange";
import { PhaseLine } from "./PhaseLine";
import { PreviewCard } from "./PreviewCard";
import { ProposalCard } from "./ProposalCard";
import { AskedSelections } from "./SelectionChips";
import { phaseOf, type TurnBlock, type TurnLog } from "./turnLog";
import { WithheldSign } from "./WithheldSign";
import { isRefusedForSecrets } from "./withheld";

/** Asks a question again, with these secrets and no others, about the same lines. */
export type Retry = (
  question: string,
  secretIds: readonly string[],
  selections: readonly SelectedLines[],
) => void;

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
  onRetry: Retry | undefined;
}) {
  const { question, log, error, isReconnecting } = exchange;
  const selections = log?.selections ?? exchange.selections;
  const askWith =
    onRetry && question !== ""
      ? (ids: readonly string[]) => onRetry(question, ids, selections)
      : undefined;
  const retry = askWith ? () => askWith([]) : undefined;
  return (
    <li className="flex flex-col gap-3 px-3.5 py-4">
      {question === "" ? null : (
        <div className="ml-6 self-end rounded-lg rounded-br-sm bg-hover px-3 py-2 leading-relaxed">
          <h3 className="sr-only">You asked</h3>
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{question}</p>
        </div>
      )}
      <AskedSelections selections={selections} />
      {log && log.attached.length > 0 ? <Attached names={log.attached} /> : null}
      {log ? (
        <div className="flex min-w-0 flex-col gap-3">
          <h3 className="sr-only">The assistant answered</h3>
          <Blocks workspaceId={workspaceId} log={log} />
          {log.state === "running" && log.previews.length > 0 ? (
            <PreviewCard previews={log.previews} />
          ) : null}
          {log.withheld.length > 0 && !isRefusedForSecrets(log) ? (
            <WithheldSign workspaceId={workspaceId} names={log.withheld} askWith={askWith} />
          ) : null}
          <Ending workspaceId={workspaceId} log={log} retry={retry} askWith={askWith} />
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

/** The secrets that a person let go along with a question, by their names. */
function Attached({ names }: { names: readonly string[] }) {
  return (
    <ul
      aria-label="Secrets attached to this question"
      className="-mt-1.5 ml-6 flex flex-wrap justify-end gap-1.5 self-end"
    >
      {names.map((name) => (
        <li
          key={name}
          className="inline-flex max-w-full items-center gap-1 rounded-sm bg-warning-soft px-1.5 py-0.5 text-sm"
          title={`The value of ${name} left with this question`}
        >
          <KeyRound aria-hidden className="size-3.5 shrink-0 text-warning" />
          <span className="truncate font-mono">{name}</span>
        </li>
      ))}
    </ul>
  );
}

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
