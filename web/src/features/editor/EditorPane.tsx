/** The editor with its tabs. The active tab is the address's `?file=`. */
export function EditorPane({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Editor" data-workspace={workspaceId} />;
}
