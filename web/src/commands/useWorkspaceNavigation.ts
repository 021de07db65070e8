import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { parseWorkspaceSearch, type WorkspaceSearch } from "@/lib/workspaceSearch";

/** What the address of the open workspace says. */
export function useWorkspaceSearch(): WorkspaceSearch {
  return useSearch({ strict: false, select: (raw) => parseWorkspaceSearch({ ...raw }) });
}

/**
 * Changes parts of the workspace's address. `undefined` takes a part away;
 * what isn't named stays. Each change is a step of the back button, unless
 * `replace` is set.
 */
export function useShowInWorkspace(): (
  change: { [K in keyof WorkspaceSearch]?: WorkspaceSearch[K] | undefined },
  options?: { replace?: boolean },
) => void {
  const navigate = useNavigate();
  return useCallback(
    (change, options) => {
      void navigate({
        to: ".",
        search: (previous: object) => ({ ...previous, ...change }),
        replace: options?.replace ?? false,
      });
    },
    [navigate],
  );
}
