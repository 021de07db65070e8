import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { createDraft, draftsQuery } from "@/api/queries/drafts";
import { keys } from "@/api/queries/keys";
import { execute } from "@/api/queries/runs";
import { systemQuery } from "@/api/queries/system";
import type { Execute, Run } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { documentsOf } from "@/editor/workspaceDocuments";
import { executeOptions, type RunOptions, runOptions } from "./runOptions";

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
        ...(await placeOf(client, workspaceId, options)),
      });
    },
    onSuccess: (run) => {
      if (!run) {
        show({ panel: "editor" });
        return;
      }
      client.setQueryData(keys.run(run.id), run);
      void client.invalidateQueries({ queryKey: keys.runs(workspaceId) });
      // It may have begun a draft.
      void client.invalidateQueries({ queryKey: keys.drafts(workspaceId) });
      show({ run: run.id, panel: "run" });
    },
  });
}

function bodyOf(workspaceId: string, wanted: Wanted): Execute {
  return wanted.type === "file"
    ? { workspaceId, path: wanted.path }
    : { workspaceId, command: wanted.command };
}

/**
 * Makes the draft that was asked for; the next run goes on in it. One that was
 * thrown away or proposed meanwhile takes no more runs, so a new one follows it.
 */
async function placeOf(
  client: QueryClient,
  workspaceId: string,
  { place }: RunOptions,
): Promise<Pick<Execute, "draftId">> {
  if (place === "workspace") return {};
  const { items } = await client.fetchQuery({ ...draftsQuery(workspaceId), staleTime: 0 });
  const isOpen = (id: string) => items.some((draft) => draft.id === id && draft.state === "open");
  if (place !== "new" && isOpen(place.draftId)) return { draftId: place.draftId };
  const { id: draftId } = await createDraft(workspaceId);
  runOptions(workspaceId).setState({ place: { draftId } });
  return { draftId };
}
