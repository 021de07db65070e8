/**
 * Keeps the cache of server data in step with what happens in a workspace. It
 * says what is out of date; whatever is on screen is then asked for again.
 */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { type Following, type LinkState, type LiveWorkspaceEvent, watchWorkspace } from "./events";
import { keys } from "./queries/keys";
import type { Cell, ChangedFile, File, FileContent } from "./schema";

/** How long changes are gathered before lists are asked for again, in milliseconds. */
const GATHER = 120;

/** Follows a workspace until it is stopped. */
export function keepFresh(
  client: QueryClient,
  workspaceId: string,
  onLink: (link: LinkState) => void = () => undefined,
): Following {
  const stale = new Gathered(client);
  const following = watchWorkspace(workspaceId, {
    onLink,
    onGap: () => stale.add(...everything(workspaceId)),
    onEvent: (event) => stale.add(...applyEvent(client, workspaceId, event)),
  });
  return {
    done: following.done,
    stop: () => {
      stale.drop();
      following.stop();
    },
  };
}

/** Takes an event in; returns the keys of what is out of date now. */
export function applyEvent(
  client: QueryClient,
  workspaceId: string,
  event: LiveWorkspaceEvent,
): QueryKey[] {
  switch (event.type) {
    case "filesChanged":
      if (event.files.length < event.count || event.files.length === 0) {
        return [
          keys.files(workspaceId),
          ["file"],
          ["versions"],
          ["proposal"],
          ["comments"],
          ["draft"],
        ];
      }
      return [
        // Open proposals, comments and drafts say how they stand to the files as they are now.
        ["proposal"],
        ["comments"],
        ["draft"],
        ...event.files.flatMap((file) => applyChange(client, workspaceId, file)),
      ];
    case "proposalChanged":
      return [
        keys.proposal(event.proposalId),
        keys.proposals(workspaceId),
        keys.comments(event.proposalId),
      ];
    case "commentsChanged":
      return [keys.comments(event.proposalId)];
    case "runChanged":
      // It may have run in a draft, and been the first in its sandbox.
      return [keys.run(event.runId), keys.runs(workspaceId), ["draft"], keys.cell(workspaceId)];
    case "turnChanged":
      return [
        keys.turn(event.turnId),
        keys.conversation(event.conversationId),
        keys.conversations(workspaceId),
        keys.usage,
      ];
    case "terminalsChanged":
      return [keys.terminals(workspaceId), keys.cell(workspaceId)];
    case "portsChanged":
      client.setQueryData<Cell>(keys.cell(workspaceId), (cell) =>
        cell ? { ...cell, ports: event.ports } : cell,
      );
      return [keys.cell(workspaceId)];
    case "networkDenied":
      return [keys.denials(workspaceId)];
    default:
      // An event type of a newer server.
      return [];
  }
}

/**
 * Puts a change into the cached list where it says enough for that; a save
 * leaves the list as it is, so that it doesn't fetch 20,000 files again.
 */
function applyChange(client: QueryClient, workspaceId: string, changed: ChangedFile): QueryKey[] {
  const list = keys.files(workspaceId);
  const versionId = changed.versionId ?? null;
  const cached = client.getQueryData<FileContent>(keys.file(changed.fileId));
  const isOwn = cached?.versionId === versionId && cached.file.path === changed.path;
  const ofFile = isOwn ? [] : [keys.file(changed.fileId), keys.versions(changed.fileId)];
  switch (changed.change) {
    case "modified":
      return [...ofFile, keys.versions(changed.fileId)];
    case "deleted":
      client.setQueryData<File[]>(list, (files) =>
        files?.filter(({ path }) => path !== changed.path && !path.startsWith(`${changed.path}/`)),
      );
      return [keys.file(changed.fileId), [...list, "deleted"]];
    default:
      return [...ofFile, list];
  }
}

function everything(workspaceId: string): QueryKey[] {
  return [
    keys.files(workspaceId),
    ["file"],
    ["versions"],
    keys.proposals(workspaceId),
    ["proposal"],
    keys.runs(workspaceId),
    ["run"],
    keys.terminals(workspaceId),
    keys.cell(workspaceId),
    keys.grants(workspaceId),
    keys.denials(workspaceId),
    keys.drafts(workspaceId),
    ["draft"],
    keys.conversations(workspaceId),
    ["conversation"],
    ["turn"],
  ];
}

/** Gathers what is out of date, since one act often makes many events. */
class Gathered {
  private readonly waiting = new Map<string, QueryKey>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  add(...stale: QueryKey[]): void {
    for (const key of stale) this.waiting.set(JSON.stringify(key), key);
    if (this.waiting.size > 0) this.timer ??= setTimeout(() => this.flush(), GATHER);
  }

  drop(): void {
    clearTimeout(this.timer);
    this.waiting.clear();
  }

  private flush(): void {
    this.timer = undefined;
    const stale = [...this.waiting.values()];
    this.waiting.clear();
    for (const queryKey of stale) void this.client.invalidateQueries({ queryKey });
  }
}
