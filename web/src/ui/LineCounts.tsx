import { count } from "@/lib/format";

/** How many lines come and go. */
export function LineCounts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className="flex shrink-0 gap-1.5 font-medium text-sm tabular-nums">
      <span className="text-success">
        <span className="sr-only">{count(added)} lines added</span>
        <span aria-hidden>+{count(added)}</span>
      </span>
      <span className="text-danger">
        <span className="sr-only">{count(removed)} lines removed</span>
        <span aria-hidden>−{count(removed)}</span>
      </span>
    </span>
  );
}
