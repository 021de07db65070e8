import { useQuery } from "@tanstack/react-query";
import { AppWindow, Globe, GlobeLock } from "lucide-react";
import { cellQuery } from "@/api/queries/cells";
import { grantsQuery } from "@/api/queries/network";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { plural } from "@/lib/format";
import { CellStatus } from "./CellStatus";
import { STATUS_ITEM } from "./statusItem";

/** The line at the foot of a workspace: its sandbox, its network, its servers. */
export function StatusBar({ workspaceId }: { workspaceId: string }) {
  const show = useShowInWorkspace();
  const cell = useQuery(cellQuery(workspaceId));
  const grants = useQuery(grantsQuery(workspaceId));
  const allowed = grants.data?.items.length ?? 0;
  return (
    <section
      aria-label="Workspace status"
      className="flex h-7 shrink-0 items-center gap-1 overflow-x-auto border-line border-t bg-panel px-2 text-sm pointer-coarse:h-10"
    >
      <CellStatus workspaceId={workspaceId} />
      {grants.data ? (
        <button
          type="button"
          className={STATUS_ITEM}
          onClick={() => show({ settings: "network" }, { replace: true })}
        >
          {allowed === 0 ? <GlobeLock aria-hidden /> : <Globe aria-hidden />}
          {allowed === 0 ? "Network off" : `Network: ${plural(allowed, "grant")}`}
        </button>
      ) : null}
      {cell.data?.ports.map(({ port }) => (
        <button
          key={port}
          type="button"
          className={STATUS_ITEM}
          onClick={() => show({ panel: "preview", port }, { replace: true })}
        >
          <AppWindow aria-hidden />
          Port {port}
        </button>
      ))}
    </section>
  );
}
