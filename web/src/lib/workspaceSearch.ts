/**
 * What the address of a workspace says beyond its id. The router keeps it, so
 * that a reload, the back button and a shared link all show the same thing.
 */

/** The parts of the workspace page. On a phone one is shown at a time. */
export const PANELS = ["files", "editor", "chat", "review", "run", "versions"] as const;

export type Panel = (typeof PANELS)[number];

export interface WorkspaceSearch {
  /** The file in the editor: the active tab. */
  file?: string;
  /** A line of that file to go to, from 1. */
  line?: number;
  /** The proposal under review. */
  proposal?: string;
  /** The run whose output is shown. */
  run?: string;
  /** The conversation in the chat; a new one when absent. */
  conversation?: string;
  /** The part in front. */
  panel?: Panel;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads search parameters, leaving out what isn't in the form it should be. */
export function parseWorkspaceSearch(raw: Record<string, unknown>): WorkspaceSearch {
  const search: WorkspaceSearch = {};
  for (const key of ["file", "proposal", "run", "conversation"] as const) {
    const value = raw[key];
    if (typeof value === "string" && UUID.test(value)) search[key] = value;
  }
  const line = Number(raw.line);
  if (Number.isInteger(line) && line > 0) search.line = line;
  const panel = PANELS.find((known) => known === raw.panel);
  if (panel) search.panel = panel;
  return search;
}
