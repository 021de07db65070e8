/**
 * What the address of a workspace says beyond its id. The router keeps it, so
 * that a reload, the back button and a shared link all show the same thing.
 */

/** The parts of the workspace page. On a phone one is shown at a time. */
export const PANELS = [
  "files",
  "editor",
  "chat",
  "review",
  "run",
  "terminal",
  "drafts",
  "preview",
  "versions",
] as const;

export type Panel = (typeof PANELS)[number];

/** The sheets of the workspace's settings. */
export const SETTINGS = ["limits", "network", "review", "requests"] as const;

export type Settings = (typeof SETTINGS)[number];

export interface WorkspaceSearch {
  /** The file in the editor: the active tab. */
  file?: string | undefined;
  /** A line of that file to go to, from 1. */
  line?: number | undefined;
  /** The proposal under review. */
  proposal?: string | undefined;
  /** The run whose output is shown. */
  run?: string | undefined;
  /** The conversation in the chat; a new one when absent. */
  conversation?: string | undefined;
  /** The terminal in front. */
  terminal?: string | undefined;
  /** The port whose server the preview shows. */
  port?: number | undefined;
  /** The part in front. */
  panel?: Panel | undefined;
  /** The sheet of the settings that is open over the page. */
  settings?: Settings | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id that a search parameter is; nothing when it is none. */
export function idOf(value: unknown): string | undefined {
  return typeof value === "string" && UUID.test(value) ? value : undefined;
}

/** Reads search parameters; what isn't in the form it should be is `undefined`. */
export function parseWorkspaceSearch(raw: Record<string, unknown>): WorkspaceSearch {
  const line = Number(raw.line);
  const port = Number(raw.port);
  return {
    file: idOf(raw.file),
    line: Number.isInteger(line) && line > 0 ? line : undefined,
    proposal: idOf(raw.proposal),
    run: idOf(raw.run),
    conversation: idOf(raw.conversation),
    terminal: idOf(raw.terminal),
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
    panel: PANELS.find((known) => known === raw.panel),
    settings: SETTINGS.find((known) => known === raw.settings),
  };
}
