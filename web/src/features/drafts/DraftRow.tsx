import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { draftQuery } from "@/api/queries/drafts";
import type { Draft } from "@/api/schema";
import { cx } from "@/lib/cx";
import { ago } from "@/lib/format";
import { Badge, type Tone } from "@/ui/Badge";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { DraftChanges } from "./DraftChanges";

const STATES: Record<Draft["state"], { word: string; tone: Tone }> = {
  open: { word: "Open", tone: "accent" },
  proposed: { word: "Proposed", tone: "success" },
  discarded: { word: "Discarded", tone: "neutral" },
};

/** One draft, with its changes when it is opened. */
export function DraftRow({
  workspaceId,
  draft,
  isOpen,
  onToggle,
}: {
  workspaceId: string;
  draft: Draft;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
}) {
  const detail = useQuery({ ...draftQuery(draft.id), enabled: isOpen });
  const { word, tone } = STATES[draft.state] ?? { word: draft.state, tone: "neutral" };
  return (
    <li className="border-line border-b">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => onToggle(!isOpen)}
        className="flex min-h-control w-full items-center gap-2.5 px-3 py-1.5 text-left -outline-offset-2 hover:bg-hover"
      >
        <ChevronRight
          aria-hidden
          className={cx("size-4 shrink-0 text-muted transition-transform", isOpen && "rotate-90")}
        />
        <span className="flex-1">Draft of {ago(draft.createdAt)}</span>
        <Badge tone={tone}>{word}</Badge>
      </button>
      {!isOpen ? null : detail.data ? (
        <DraftChanges workspaceId={workspaceId} draft={detail.data} />
      ) : detail.isError ? (
        <ErrorState
          error={detail.error}
          retry={() => void detail.refetch()}
          className="mx-3 mb-3"
        />
      ) : (
        <Skeleton lines={2} className="px-3 pb-3" />
      )}
    </li>
  );
}
