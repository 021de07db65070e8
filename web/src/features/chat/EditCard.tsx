import { FileMinus2, FilePen, FilePlus2, FileSymlink, type LucideIcon } from "lucide-react";
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
  const { Icon, doing, done } = LOOKS[group.change];
  return (
    <details className="group/edit overflow-hidden rounded-md border border-line bg-panel">
      <summary className="flex min-h-control cursor-pointer items-center gap-2 px-2.5 py-1 -outline-offset-2 hover:bg-hover">
        <Icon aria-hidden className="size-4 shrink-0 text-muted" />
        <span className="min-w-0 flex-1 truncate">
          <span className="text-muted">{group.isComplete ? done : doing}</span>{" "}
          <span className="font-medium">{group.path ?? "a file"}</span>
          {group.isComplete ? null : <span className="text-muted">…</span>}
        </span>
        <LineCounts added={group.added} removed={group.removed} />
        {onReview ? (
          <button
            type="button"
            onClick={(event) => {
              event.preventDefault();
              onReview();
            }}
            className="rounded-sm px-1.5 font-medium text-accent hover:bg-accent-soft"
          >
            Review
          </button>
        ) : null}
      </summary>
      <Scrollable
        label="The edit as it was written"
        className="max-h-72 overflow-auto border-line border-t bg-sunken"
      >
        <pre className="w-max px-3 py-2 font-mono text-sm">{group.raw}</pre>
      </Scrollable>
    </details>
  );
}
