/** The review of proposals. The one shown is the address's `?proposal=`. */
export function ReviewPane({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Review" data-workspace={workspaceId} />;
}
