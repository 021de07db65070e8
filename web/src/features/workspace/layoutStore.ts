import { createStore } from "zustand/vanilla";
import { readStored, writeStored } from "@/lib/storage";

/** The sheets of the right side, of which one is in front. */
export const SIDE_PANELS = ["chat", "review", "versions", "preview"] as const;

export type SidePanel = (typeof SIDE_PANELS)[number];

/** The sheets below the editor, of which one is in front. */
export const DOCK_PANELS = ["run", "terminal", "drafts"] as const;

export type DockPanel = (typeof DOCK_PANELS)[number];

/** Which parts of the workspace page are shown; the same for all workspaces. */
export interface Layout {
  files: boolean;
  dock: boolean;
  side: boolean;
  sidePanel: SidePanel;
  dockPanel: DockPanel;
}

const KEY = "atelier.layout";
const AT_FIRST: Layout = {
  files: true,
  dock: true,
  side: true,
  sidePanel: "chat",
  dockPanel: "run",
};

export const layoutStore = createStore<Layout>()(() => parseLayout(readStored(KEY)));

layoutStore.subscribe((layout) => writeStored(KEY, layout));

/** Shows a part of the page or hides it. */
export function togglePart(part: "files" | "dock" | "side"): void {
  layoutStore.setState((layout) => ({ [part]: !layout[part] }));
}

/** True for a sheet of the dock. */
export function isDocked(panel: string): panel is DockPanel {
  return DOCK_PANELS.some((known) => known === panel);
}

/** Shows the part that a sheet is in, with the sheet in front. */
export function bringForward(panel: SidePanel | DockPanel): void {
  if (isDocked(panel)) layoutStore.setState({ dockPanel: panel, dock: true });
  else layoutStore.setState({ sidePanel: panel, side: true });
}

/** Reads a kept layout; what isn't understood is as at first. */
export function parseLayout(raw: unknown): Layout {
  if (typeof raw !== "object" || raw === null) return AT_FIRST;
  const kept = raw as Record<string, unknown>;
  const flag = (key: "files" | "dock" | "side") =>
    typeof kept[key] === "boolean" ? kept[key] : AT_FIRST[key];
  return {
    files: flag("files"),
    dock: flag("dock"),
    side: flag("side"),
    sidePanel: SIDE_PANELS.find((panel) => panel === kept.sidePanel) ?? AT_FIRST.sidePanel,
    dockPanel: DOCK_PANELS.find((panel) => panel === kept.dockPanel) ?? AT_FIRST.dockPanel,
  };
}
