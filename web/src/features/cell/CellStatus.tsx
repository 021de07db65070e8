import { useQuery } from "@tanstack/react-query";
import { Box, TriangleAlert } from "lucide-react";
import { cellQuery } from "@/api/queries/cells";
import { cx } from "@/lib/cx";
import { Popover } from "@/ui/Popover";
import { CellDetails } from "./CellDetails";
import { figuresOf } from "./figures";
import { STATUS_ITEM } from "./statusItem";

/** How the workspace's sandbox stands; opens what is in it. */
export function CellStatus({
  workspaceId,
  isCompact = false,
}: {
  workspaceId: string;
  /** Only the icon, where there is little room. */
  isCompact?: boolean;
}) {
  const { data: cell, error, refetch } = useQuery(cellQuery(workspaceId));
  const isRunning = cell?.state === "running";
  const isWeaker = (cell?.weaker.length ?? 0) > 0;
  const words = cell ? figuresOf(cell) : error ? "unknown" : "…";
  return (
    <Popover
      label="Sandbox of this workspace"
      side={isCompact ? "bottom" : "top"}
      align={isCompact ? "end" : "start"}
      trigger={
        <button
          type="button"
          aria-label={`Sandbox: ${words}`}
          className={cx(STATUS_ITEM, isCompact && "h-control! w-control justify-center rounded-md")}
        >
          <span className="relative inline-flex">
            <Box aria-hidden className={isCompact ? "size-4.5!" : undefined} />
            <span
              aria-hidden
              className={cx(
                "absolute -right-0.5 -bottom-0.5 size-2 rounded-full border border-panel",
                !isRunning ? "bg-line-strong" : isWeaker ? "bg-warning" : "bg-success",
              )}
            />
          </span>
          {isCompact ? null : <span className="tabular-nums">Sandbox: {words}</span>}
          {isWeaker && !isCompact ? <TriangleAlert aria-hidden className="text-warning" /> : null}
        </button>
      }
    >
      <CellDetails
        workspaceId={workspaceId}
        cell={cell}
        error={error}
        retry={() => void refetch()}
      />
    </Popover>
  );
}
