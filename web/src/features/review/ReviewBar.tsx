import { Redo2, Undo2 } from "lucide-react";
import type { Proposal } from "@/api/schema";
import { count, plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import type { Progress } from "./decisions";

/** How far the review is, and its end: apply or reject; undo afterwards. */
export function ReviewBar({
  proposal,
  progress,
  isBusy,
  onAcceptAll,
  onApply,
  onReject,
  onUndo,
  onApplyRest,
}: {
  proposal: Proposal;
  progress: Progress;
  isBusy: boolean;
  onAcceptAll: () => void;
  onApply: () => void;
  onReject: () => void;
  onUndo: () => void;
  /** Puts in what is not in the files. */
  onApplyRest: () => void;
}) {
  const { total, undecided, rejected, lacking } = progress;
  const applied = total - rejected - lacking;
  if (proposal.state === "open") {
    return (
      <Bar>
        <div className="mr-auto text-sm @max-lg:w-full">
          <p role="status" className="font-medium tabular-nums">
            {undecided === 0
              ? `All ${plural(total, "change")} decided`
              : `${count(undecided)} of ${plural(total, "change")} undecided`}
          </p>
          <p className="mt-0.5 flex flex-wrap gap-x-2 gap-y-0.5 text-muted pointer-coarse:hidden">
            <Key keys="J">next</Key>
            <Key keys="K">back</Key>
            <Key keys="Y">accept</Key>
            <Key keys="N">reject</Key>
            <Key keys="C">comment</Key>
            <Key keys="A">apply</Key>
          </p>
        </div>
        {undecided > 0 && undecided < total ? (
          <Button size="sm" variant="ghost" onClick={onAcceptAll}>
            Accept the rest
          </Button>
        ) : null}
        <Button disabled={isBusy} onClick={onReject} className="@max-lg:flex-1">
          Reject all
        </Button>
        <Button
          variant="primary"
          busy={isBusy}
          disabled={applied === 0}
          onClick={onApply}
          className="@max-lg:flex-1"
        >
          {applied === total ? `Apply ${total === 1 ? "it" : `all ${total}`}` : `Apply ${applied}`}
        </Button>
      </Bar>
    );
  }
  if (proposal.state === "superseded") {
    return (
      <Bar>
        <p role="status" className="text-muted text-sm">
          A later proposal took its place; nothing of it was written.
        </p>
      </Bar>
    );
  }
  const hunks = proposal.files.flatMap((file) => file.hunks);
  const isIn = hunks.filter(({ state }) => state === "accepted").length;
  const isOut = hunks.length - isIn;
  return (
    <Bar>
      <div className="mr-auto text-sm @max-lg:w-full">
        <p role="status">{OVER[proposal.state]}</p>
        <p className="mt-0.5 flex flex-wrap gap-x-2 gap-y-0.5 text-muted pointer-coarse:hidden">
          <Key keys="J">next</Key>
          <Key keys="K">back</Key>
          <Key keys="Y">apply</Key>
          <Key keys="U">undo</Key>
          <Key keys="C">comment</Key>
        </p>
      </div>
      {isOut > 0 ? (
        <Button icon={<Redo2 />} disabled={isBusy} onClick={onApplyRest} className="@max-lg:flex-1">
          {isIn === 0
            ? proposal.state === "undone"
              ? "Apply again"
              : "Apply all"
            : `Apply the other ${isOut}`}
        </Button>
      ) : null}
      {isIn > 0 ? (
        <Button icon={<Undo2 />} busy={isBusy} onClick={onUndo} className="@max-lg:flex-1">
          {isIn === 1 ? "Undo" : `Undo all ${isIn}`}
        </Button>
      ) : null}
    </Bar>
  );
}

const OVER: Record<string, string> = {
  applied: "All of it is in your files.",
  partly_applied: "What you accepted is in your files; the rest was left out.",
  rejected: "It was rejected; nothing of it was written.",
  undone: "It was applied and then taken back.",
};

function Bar({ children }: { children: React.ReactNode }) {
  return (
    <footer className="flex shrink-0 flex-wrap items-center gap-2 border-line border-t bg-panel px-3 py-2">
      {children}
    </footer>
  );
}

function Key({ keys, children }: { keys: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      <Kbd keys={keys} />
      {children}
    </span>
  );
}
