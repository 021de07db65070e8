import { useQuery } from "@tanstack/react-query";
import { MessagesSquare } from "lucide-react";
import { conversationsQuery } from "@/api/queries/conversations";
import { ago } from "@/lib/format";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

/** The workspace's conversations, newest first. */
export function ConversationList({
  workspaceId,
  shown,
  onShow,
}: {
  workspaceId: string;
  shown: string | undefined;
  onShow: (id: string) => void;
}) {
  const conversations = useQuery(conversationsQuery(workspaceId));
  if (!conversations.data) {
    return conversations.isError ? (
      <ErrorState
        error={conversations.error}
        retry={() => void conversations.refetch()}
        className="m-3"
      />
    ) : (
      <Skeleton lines={4} className="p-3" />
    );
  }
  const { items } = conversations.data;
  if (items.length === 0) {
    return (
      <EmptyState icon={<MessagesSquare />} title="No conversations yet">
        Ask something; it is kept here.
      </EmptyState>
    );
  }
  return (
    <ul aria-label="Conversations" className="min-h-0 flex-1 overflow-y-auto py-1">
      {items.map(({ id, title, updatedAt, activeModel }) => (
        <li key={id}>
          <button
            type="button"
            aria-current={id === shown || undefined}
            onClick={() => onShow(id)}
            className="flex min-h-control w-full flex-col items-start px-3.5 py-1.5 text-left -outline-offset-2 hover:bg-hover aria-[current]:bg-accent-soft"
          >
            <span className="w-full truncate font-medium">{title}</span>
            <span className="text-muted text-sm">
              {[ago(updatedAt), activeModel].filter(Boolean).join(" · ")}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
