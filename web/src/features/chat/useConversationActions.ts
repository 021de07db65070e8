import { useMutation, useQueryClient } from "@tanstack/react-query";
import { archiveConversation, renameConversation } from "@/api/queries/conversations";
import { keys } from "@/api/queries/keys";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { toast } from "@/ui/Toast";

/** Renames and archives conversations. */
export function useConversationActions(workspaceId: string, onDone: () => void) {
  const client = useQueryClient();
  const show = useShowInWorkspace();
  const settle = (id: string) => {
    void client.invalidateQueries({ queryKey: keys.conversations(workspaceId) });
    void client.invalidateQueries({ queryKey: keys.conversation(id) });
    onDone();
  };
  const onError = (error: unknown) => toast.error(error);
  const rename = useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) => renameConversation(id, title),
    onSuccess: (_changed, { id }) => settle(id),
    onError,
  });
  const archive = useMutation({
    mutationFn: archiveConversation,
    onSuccess: (_gone, id) => {
      show({ conversation: undefined });
      settle(id);
      toast.success("The conversation was archived");
    },
    onError,
  });
  return { rename, archive };
}
