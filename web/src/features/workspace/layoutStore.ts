import { createStore } from "zustand/vanilla";
import { readStored, writeStored } from "@/lib/storage";

/** The sheets of the right side, of which one is in front. */
export const SIDE_PANELS = ["chat", "review", "versions"] as const;

export type SidePanel = (typeof SIDE_PANELS)[number];

/** Which parts of the workspace page are shown; the same for all workspaces. */
export interface Layout {
  files: boolean;
  run: boolean;
  side: boolean;
  sidePanel: SidePanel;
}

const KEY = "atelier.layout";
const AT_FIRST: Layout = { files: true, run: true, side: true, sidePanel: "chat" };

export const layoutStore = createStore<Layout>()(() => parseLayout(readStored(KEY)));

layoutStore.subscribe((layout) => writeStored(KEY, layout));

/** Shows a part of the page or hides it. */
export function togglePart(part: "files" | "run" | "side"): void {
  layoutStore.setState((layout) => ({ [part]: !layout[part] }));
}

/** Reads a kept layout; what isn't understood is as at first. */
export function parseLayout(raw: unknown): Layout {
  if (typeof raw !== "object" || raw === null) return AT_FIRST;
  const kept = raw as Record<string, unknown>;
  const flag = (key: "files" | "run" | "side") =>
    typeof kept[key] === "boolean" ? kept[key] : AT_FIRST[key];
  return {
    files: flag("files"),
    run: flag("run"),
    side: flag("side"),
    sidePanel: SIDE_PANELS.find((panel) => panel === kept.sidePanel) ?? AT_FIRST.sidePanel,
  };
}
