import { useState } from "react";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { AlertDialog } from "@/ui/AlertDialog";
import { Conversation } from "./Conversation";
import { ConversationBar } from "./ConversationBar";
import { ConversationList } from "./ConversationList";
import { RenameDialog } from "./RenameDialog";
import { useChat } from "./useChat";
import { useConversationActions } from "./useConversationActions";

/** The conversations with the assistant. The one shown is the address's `?conversation=`. */
export function ChatPanel({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const show = useShowInWorkspace();
  const chat = useChat(workspaceId);
  const [isListShown, setListShown] = useState(false);
  const [asked, setAsked] = useState<"rename" | "archive">();
  const { rename, archive } = useConversationActions(workspaceId, () => setAsked(undefined));
  const { conversationId, title } = chat;
  const go = (conversation: string | undefined) => {
    setListShown(false);
    show({ conversation });
  };
  return (
    <section aria-label="Chat" className="flex min-h-0 flex-1 flex-col bg-panel">
      <ConversationBar
        title={isListShown ? "Conversations" : title}
        isBegun={conversationId !== undefined}
        isListShown={isListShown}
        onList={() => setListShown(!isListShown)}
        onNew={() => go(undefined)}
        onRename={() => setAsked("rename")}
        onArchive={() => setAsked("archive")}
      />
      {isListShown ? (
        <ConversationList workspaceId={workspaceId} shown={conversationId} onShow={go} />
      ) : (
        <Conversation workspaceId={workspaceId} chat={chat} />
      )}
      {asked === "rename" && conversationId ? (
        <RenameDialog
          title={title}
          busy={rename.isPending}
          onRename={(next) => rename.mutate({ id: conversationId, title: next })}
          onClose={() => setAsked(undefined)}
        />
      ) : null}
      <AlertDialog
        open={asked === "archive" && conversationId !== undefined}
        onOpenChange={(open) => setAsked(open ? "archive" : undefined)}
        title={`Archive “${title}”?`}
        confirm="Archive"
        busy={archive.isPending}
        onConfirm={() => {
          if (conversationId) archive.mutate(conversationId);
        }}
      >
        It leaves the list. What it changed in your files stays, with its history.
      </AlertDialog>
    </section>
  );
}
