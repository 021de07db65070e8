import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { createStore } from "zustand/vanilla";
import type { Following, LinkState } from "./events";
import { keepFresh } from "./keepFresh";

interface Shared {
  readonly following: Following;
  users: number;
}

const shared = new Map<string, Shared>();
const links = createStore<Record<string, LinkState>>()(() => ({}));

/**
 * Keeps what is shown of a workspace up to date while the component is shown.
 * However many ask for it, there is one connection for each workspace.
 */
export function useLiveWorkspace(workspaceId: string): LinkState {
  const client = useQueryClient();
  useEffect(() => {
    const known = shared.get(workspaceId);
    const link =
      known ??
      ({
        following: keepFresh(client, workspaceId, (state) =>
          links.setState({ [workspaceId]: state }),
        ),
        users: 0,
      } satisfies Shared);
    if (!known) shared.set(workspaceId, link);
    link.users += 1;
    return () => {
      link.users -= 1;
      if (link.users > 0) return;
      shared.delete(workspaceId);
      link.following.stop();
    };
  }, [client, workspaceId]);
  return useSyncExternalStore(links.subscribe, () => links.getState()[workspaceId] ?? "connecting");
}
