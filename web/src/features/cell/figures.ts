/** A cell's figures in words. */
import type { Cell } from "@/api/schema";
import { bytes, plural } from "@/lib/format";

/** "running · 3 processes · 42.1 MiB", "idle · 1.2 MiB", "stopped" */
export function figuresOf(cell: Cell): string {
  if (cell.state === "stopped") return "stopped";
  const { length } = cell.processes;
  return [
    ...(length === 0 ? ["idle"] : ["running", plural(length, "process", "processes")]),
    ...(cell.memoryBytes == null ? [] : [bytes(cell.memoryBytes)]),
  ].join(" · ");
}
