import { useEffect, useRef } from "react";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import type { Panel } from "@/lib/workspaceSearch";
import { bringForward, layoutStore } from "./layoutStore";

/**
 * Brings to the front what the address newly names: a phone shows the editor
 * when a file is opened, a desktop the review when a proposal is.
 */
export function useFollowAddress(isPhone: boolean): void {
  const { file, proposal, run, panel } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const seen = useRef({ file, proposal, run, panel });

  useEffect(() => {
    if (panel === "files") layoutStore.setState({ files: true });
    else if (panel && panel !== "editor") bringForward(panel);
  }, [panel]);

  useEffect(() => {
    const before = seen.current;
    seen.current = { file, proposal, run, panel };
    const named = newlyNamed(before, { file, proposal, run });
    // Whoever named a panel as well knows better.
    if (!named || panel !== before.panel) return;
    const isInTheWay = isPhone || named === "review";
    if (isInTheWay && panel !== named) show({ panel: named }, { replace: true });
  }, [file, proposal, run, panel, isPhone, show]);
}

interface Named {
  file: string | undefined;
  proposal: string | undefined;
  run: string | undefined;
}

/** The part that shows what the address names now and didn't before. */
export function newlyNamed(before: Named, now: Named): Panel | undefined {
  if (now.proposal && now.proposal !== before.proposal) return "review";
  if (now.run && now.run !== before.run) return "run";
  if (now.file && now.file !== before.file) return "editor";
  return undefined;
}
