import { cx } from "@/lib/cx";
import { VisuallyHidden } from "./VisuallyHidden";

/** Grey lines where text will be. */
export function Skeleton({ lines = 1, className }: { lines?: number; className?: string }) {
  return (
    <div role="status" className={cx("flex flex-col gap-2", className)}>
      <VisuallyHidden>Loading</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never move
          key={line}
          className="h-3.5 animate-pulse rounded-sm bg-pressed"
          style={{ width: `${[92, 74, 83, 61][line % 4]}%` }}
        />
      ))}
    </div>
  );
}
