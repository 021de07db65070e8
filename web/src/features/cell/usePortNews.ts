import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { cellQuery } from "@/api/queries/cells";
import type { CellPort } from "@/api/schema";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { toast } from "@/ui/Toast";
import { newPorts } from "./news";

/** Tells of servers that start to listen, with the way to what they show. */
export function usePortNews(workspaceId: string): void {
  const ports = useQuery(cellQuery(workspaceId)).data?.ports;
  const { panel } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const known = useRef<readonly CellPort[]>(undefined);
  useEffect(() => {
    if (!ports) return;
    const before = known.current;
    known.current = ports;
    // What listened before the page was opened is no news.
    if (!before || panel === "preview") return;
    for (const { port } of newPorts(before, ports)) {
      toast.offer(`Port ${port} is listening`, {
        label: "Open preview",
        run: () => show({ panel: "preview", port }),
      });
    }
  }, [ports, panel, show]);
}
