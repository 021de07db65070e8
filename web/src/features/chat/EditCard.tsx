import {
  ChevronRight,
  FileMinus2,
  FilePen,
  FilePlus2,
  FileSymlink,
  type LucideIcon,
} from "lucide-react";
import { useState } from "react";
import { cx } from "@/lib/cx";
import { Button } from "@/ui/Button";
import { LineCounts } from "@/ui/LineCounts";
import { Scrollable } from "@/ui/Scrollable";
import type { EditChange } from "./answer";
import type { EditGroup } from "./editGroups";

const LOOKS: Record<EditChange, { Icon: LucideIcon; doing: string; done: string }> = {
  modify: { Icon: FilePen, doing: "Editing", done: "Edit to" },
  create: { Icon: FilePlus2, doing: "Writing", done: "New file" },
  delete: { Icon: FileMinus2, doing: "Deleting", done: "Deletes" },
  rename: { Icon: FileSymlink, doing: "Moving to", done: "Moves to" },
};

/** An edit in an answer: which file and how much. What it says is one click away. */
export function EditCard({
  group,
  onReview,
}: {
  group: EditGroup;
  onReview: (() => void) | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const { Icon, doing, done } = LOOKS[group.change];
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel">
      <div className="flex min-h-control items-center gap-2 pr-1.5 hover:bg-hover">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="flex min-h-control min-w-0 flex-1 items-center gap-2 py-1 pl-2 text-left -outline-offset-2"
        >
          <ChevronRight
            aria-hidden
            className={cx(
              "size-3.5 shrink-0 text-muted transition-transform",
              isOpen && "rotate-90",
            )}
          />
          <Icon aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="min-w-0 flex-1 truncate">
            <span className="text-muted">{group.isComplete ? done : doing}</span>{" "}
            <span className="font-medium">{group.path ?? "a file"}</span>
            {group.isComplete ? null : <span className="text-muted">…</span>}
          </span>
          <LineCounts added={group.added} removed={group.removed} />
        </button>
        {onReview ? (
          <Button size="sm" variant="ghost" onClick={onReview} className="text-accent">
            Review
          </Button>
        ) : null}
      </div>
      {isOpen ? (
        <Scrollable
          label="The edit as it was written"
          className="max-h-72 overflow-auto border-line border-t bg-sunken"
        >
          <pre className="w-max px-3 py-2 font-mono text-sm">{group.raw}</pre>
        </Scrollable>
      ) : null}
    </div>
  );
}
