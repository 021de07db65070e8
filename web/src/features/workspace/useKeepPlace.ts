import { useEffect } from "react";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { workspaceStore } from "@/lib/workspaceStore";

/**
 * Opens a workspace where it was left, and asks before the page is closed over
 * text that isn't saved.
 */
export function useKeepPlace(workspaceId: string): void {
  const { file } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const store = workspaceStore(workspaceId);

  useEffect(() => {
    const { lastFile, tabs } = store.getState();
    if (file) store.getState().setLastFile(file);
    else if (lastFile && tabs.some((tab) => tab.fileId === lastFile)) {
      show({ file: lastFile }, { replace: true });
    }
  }, [file, show, store]);

  useEffect(() => {
    const onLeave = (event: BeforeUnloadEvent) => {
      if (store.getState().dirty.size > 0) event.preventDefault();
    };
    window.addEventListener("beforeunload", onLeave);
    return () => window.removeEventListener("beforeunload", onLeave);
  }, [store]);
}
