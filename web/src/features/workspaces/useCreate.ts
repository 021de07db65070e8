import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { createWorkspace, type Progress, uploadWorkspace } from "@/api/createWorkspace";
import { keys } from "@/api/queries/keys";
import type { Source, Workspace } from "@/api/schema";

/** What a new workspace is made of: something the server knows, or a zip. */
export type Origin = { kind: "source"; source: Source } | { kind: "zip"; archive: File };

/** Makes a workspace, telling how far it is; can be cancelled. */
export function useCreate(onCreated: (workspace: Workspace) => void) {
  const queryClient = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const controller = useRef<AbortController | null>(null);
  // Nobody waits for it any more once the dialog is gone.
  useEffect(() => () => controller.current?.abort(), []);

  const create = useMutation({
    mutationFn: ({ name, origin }: { name: string; origin: Origin }) => {
      controller.current = new AbortController();
      setProgress({ phase: "Starting", percent: null });
      const making = { signal: controller.current.signal, onProgress: setProgress };
      return origin.kind === "zip"
        ? uploadWorkspace(name, origin.archive, making)
        : createWorkspace({ name, source: origin.source }, making);
    },
    onSuccess: async (workspace) => {
      await queryClient.invalidateQueries({ queryKey: keys.workspaces });
      onCreated(workspace);
    },
    onSettled: () => setProgress(null),
  });
  const wasCancelled = controller.current?.signal.aborted ?? false;
  return {
    start: create.mutate,
    isPending: create.isPending,
    error: wasCancelled ? null : create.error,
    progress,
    cancel: () => controller.current?.abort(),
    reset: create.reset,
  };
}
