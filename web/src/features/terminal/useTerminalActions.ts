import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries/keys";
import { createTerminal, deleteTerminal, renameTerminal } from "@/api/queries/terminals";
import type { Terminal } from "@/api/schema";
import { terminalFocus } from "@/commands/focusWish";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { toast } from "@/ui/Toast";

/** Opens, renames, restarts and closes the terminals of a workspace. */
export function useTerminalActions(workspaceId: string) {
  const client = useQueryClient();
  const show = useShowInWorkspace();
  const key = keys.terminals(workspaceId);
  const readAgain = () => client.invalidateQueries({ queryKey: key });

  const open = useMutation({
    mutationFn: () => createTerminal(workspaceId, {}),
    onSuccess: async (terminal) => {
      await readAgain();
      show({ terminal: terminal.id, panel: "terminal" }, { replace: true });
      terminalFocus.ask();
    },
  });
  const rename = useMutation({
    mutationFn: ({ id, title }: Pick<Terminal, "id" | "title">) => renameTerminal(id, title),
    onSuccess: readAgain,
    onError: (error) => toast.error(error),
  });
  const close = useMutation({
    mutationFn: deleteTerminal,
    onSuccess: readAgain,
    onError: (error) => toast.error(error),
  });
  const restart = useMutation({
    mutationFn: async ({ id, title, columns, rows }: Terminal) => {
      const next = await createTerminal(workspaceId, { columns, rows });
      // The old one goes only now: were the new one refused, its text would be lost.
      await deleteTerminal(id);
      return renameTerminal(next.id, title);
    },
    onSuccess: async (terminal) => {
      await readAgain();
      show({ terminal: terminal.id }, { replace: true });
      terminalFocus.ask();
    },
    onError: (error) => toast.error(error),
  });
  return { open, rename, close, restart };
}
