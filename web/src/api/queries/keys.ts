/**
 * Every key under which server data is kept. The first word is the resource,
 * the second what narrows it, so that a prefix names all that belongs together.
 */
export const keys = {
  session: ["session"] as const,
  system: ["system"] as const,
  templates: ["templates"] as const,
  workspaces: ["workspaces"] as const,
  workspace: (id: string) => ["workspaces", "one", id] as const,
  files: (workspaceId: string) => ["files", workspaceId] as const,
  file: (id: string) => ["file", id] as const,
  versions: (fileId: string) => ["versions", fileId] as const,
  version: (id: string) => ["version", id] as const,
  runs: (workspaceId: string) => ["runs", workspaceId] as const,
  run: (id: string) => ["run", id] as const,
  conversations: (workspaceId: string) => ["conversations", workspaceId] as const,
  conversation: (id: string) => ["conversation", id] as const,
  turn: (id: string) => ["turn", id] as const,
  modelCall: (id: string) => ["modelCall", id] as const,
  proposals: (workspaceId: string) => ["proposals", workspaceId] as const,
  proposal: (id: string) => ["proposal", id] as const,
  providers: ["providers"] as const,
  usage: ["usage"] as const,
  terminals: (workspaceId: string) => ["terminals", workspaceId] as const,
  cell: (workspaceId: string) => ["cell", workspaceId] as const,
  grants: (workspaceId: string) => ["grants", workspaceId] as const,
  denials: (workspaceId: string) => ["denials", workspaceId] as const,
};
