import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "./queries/keys";
import { createGrant } from "./queries/network";

/** Lets a workspace's programs reach something. */
export function useAllow(workspaceId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ resource, until }: { resource: string; until?: string | undefined }) =>
      createGrant(workspaceId, { action: "network", resource, ...(until ? { until } : {}) }),
    onSuccess: () =>
      Promise.all(
        [keys.grants(workspaceId), keys.denials(workspaceId)].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
}
