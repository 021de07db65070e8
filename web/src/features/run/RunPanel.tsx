/** Runs files and command lines. The run shown is the address's `?run=`. */
export function RunPanel({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Run" data-workspace={workspaceId} />;
}
