import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries/keys";
import { updateWorkspace } from "@/api/queries/workspaces";
import type { Workspace } from "@/api/schema";
import { toast } from "@/ui/Toast";

interface Change {
  workspace: Workspace;
  archived: boolean;
}

/** Archives a workspace or brings it back, and offers the way back. */
export function useArchive() {
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: keys.workspaces });
  return useMutation({
    mutationFn: ({ workspace, archived }: Change) => updateWorkspace(workspace.id, { archived }),
    onSuccess: (_, { workspace, archived }) => {
      const undo = () => {
        updateWorkspace(workspace.id, { archived: !archived }).then(refresh, toast.error);
      };
      const done = archived ? "archived" : "brought back";
      toast.success(`“${workspace.name}” is ${done}`, { label: "Undo", run: undo });
      return refresh();
    },
    onError: (error) => toast.error(error),
  });
}
