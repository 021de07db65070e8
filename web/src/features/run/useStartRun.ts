import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries/keys";
import { execute } from "@/api/queries/runs";
import { systemQuery } from "@/api/queries/system";
import type { Execute, Run } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { documentsOf } from "@/editor/workspaceDocuments";
import { executeOptions, runOptions } from "./runOptions";

/** What is run: a file of the workspace, or a command line. */
export type Wanted =
  | { readonly type: "file"; readonly fileId: string; readonly path: string }
  | { readonly type: "command"; readonly command: string };

/** Starts runs and brings each to the front. */
export function useStartRun(workspaceId: string) {
  const client = useQueryClient();
  const show = useShowInWorkspace();
  return useMutation({
    mutationFn: async (wanted: Wanted): Promise<Run | undefined> => {
      if (wanted.type === "file") {
        // What runs is what is on screen. A conflict is shown by the editor.
        const isSaved = await documentsOf(workspaceId).ensureSaved(wanted.fileId);
        if (!isSaved) return undefined;
      }
      const options = runOptions(workspaceId).getState();
      const { longestTimeoutMs } = await client.ensureQueryData(systemQuery);
      return execute({
        ...bodyOf(workspaceId, wanted),
        ...executeOptions(options, longestTimeoutMs),
      });
    },
    onSuccess: (run) => {
      if (!run) {
        show({ panel: "editor" });
        return;
      }
      client.setQueryData(keys.run(run.id), run);
      void client.invalidateQueries({ queryKey: keys.runs(workspaceId) });
      show({ run: run.id, panel: "run" });
    },
  });
}

function bodyOf(workspaceId: string, wanted: Wanted): Execute {
  return wanted.type === "file"
    ? { workspaceId, path: wanted.path }
    : { workspaceId, command: wanted.command };
}
