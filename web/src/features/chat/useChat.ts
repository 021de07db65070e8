import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { cancelTurn, conversationQuery } from "@/api/queries/conversations";
import { keys } from "@/api/queries/keys";
import type { Chat } from "@/api/schema";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { toast } from "@/ui/Toast";
import { type Exchange, exchangesOf } from "./exchange";
import { liveTurnsOf, NEW_CONVERSATION } from "./liveTurns";

export interface ChatState {
  readonly conversationId: string | undefined;
  readonly title: string;
  readonly exchanges: readonly Exchange[];
  /** The turn that runs now, in this conversation. */
  readonly running: Exchange | undefined;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly isStopping: boolean;
  ask(chat: Omit<Chat, "workspaceId" | "conversationId">): Promise<boolean>;
  stop(): void;
  reload(): void;
}

/** The conversation of the address: what was said, what is being said, and how to go on. */
export function useChat(workspaceId: string): ChatState {
  const { conversation: conversationId } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const client = useQueryClient();
  const live = liveTurnsOf(workspaceId);
  const { turns, asking } = useStore(live.store);
  const detail = useQuery({
    ...conversationQuery(conversationId ?? ""),
    enabled: conversationId !== undefined,
  });

  const refresh = useCallback(
    (id: string | undefined) => {
      if (id) void client.invalidateQueries({ queryKey: keys.conversation(id) });
      void client.invalidateQueries({ queryKey: keys.conversations(workspaceId) });
      void client.invalidateQueries({ queryKey: keys.proposals(workspaceId) });
      void client.invalidateQueries({ queryKey: keys.usage });
    },
    [client, workspaceId],
  );

  // The latest turn is shown from its events, whether it still runs or not.
  const latest = detail.data?.turns.at(-1)?.id;
  useEffect(() => {
    if (latest) live.attach(latest, () => refresh(conversationId));
  }, [latest, live, refresh, conversationId]);

  const slot = conversationId ?? NEW_CONVERSATION;
  const exchanges = useMemo(
    () =>
      exchangesOf(
        conversationId === undefined ? undefined : detail.data,
        turns,
        asking[slot],
        conversationId,
      ),
    [conversationId, detail.data, turns, asking, slot],
  );
  const running = exchanges.find(({ log, error }) =>
    log ? log.state === "running" : error === undefined,
  );
  const stop = useMutation({ mutationFn: cancelTurn, onError: (error) => toast.error(error) });
  return {
    conversationId,
    title: detail.data?.conversation.title ?? "New conversation",
    exchanges,
    running,
    isPending: conversationId !== undefined && detail.isPending && exchanges.length === 0,
    error: detail.data ? undefined : (detail.error ?? undefined),
    isStopping: stop.isPending,
    ask: (chat) => {
      let begun = conversationId;
      return live.ask(
        { ...chat, workspaceId, ...(conversationId ? { conversationId } : {}) },
        (id) => {
          begun = id;
          refresh(id);
          if (!conversationId) show({ conversation: id }, { replace: true });
        },
        () => refresh(begun),
      );
    },
    stop: () => {
      const turnId = running?.log?.turnId;
      if (turnId) stop.mutate(turnId);
    },
    reload: () => void detail.refetch(),
  };
}
