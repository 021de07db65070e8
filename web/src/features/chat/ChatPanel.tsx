/** The conversations with the assistant. The one shown is the address's `?conversation=`. */
export function ChatPanel({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Chat" data-workspace={workspaceId} />;
}
