/** The versions of the address's `?file=`. */
export function VersionsPane({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Versions" data-workspace={workspaceId} />;
}
