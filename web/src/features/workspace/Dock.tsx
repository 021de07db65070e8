import { useState } from "react";
import { useStore } from "zustand";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Tabs } from "@/ui/Tabs";
import { DOCK_PANELS, type DockPanel, layoutStore } from "./layoutStore";
import type { Slots } from "./slots";

const LABELS: Record<DockPanel, string> = {
  run: "Run",
  terminal: "Terminal",
  drafts: "Drafts",
};

/** Below the editor: runs, terminals and drafts, one in front. */
export function Dock({ slots }: { slots: Slots }) {
  const panel = useStore(layoutStore, (layout) => layout.dockPanel);
  const show = useShowInWorkspace();
  // What was never in front isn't even fetched; what was stays.
  const [opened, setOpened] = useState<ReadonlySet<DockPanel>>(new Set([panel]));
  if (!opened.has(panel)) setOpened(new Set([...opened, panel]));
  return (
    <div className="flex size-full min-h-0 flex-col bg-panel">
      {slots.notices}
      <Tabs
        label="Runs and terminals"
        flush
        className="min-h-0 flex-1"
        value={panel}
        onChange={(id) => {
          const next = DOCK_PANELS.find((known) => known === id);
          if (next) show({ panel: next }, { replace: true });
        }}
        items={DOCK_PANELS.map((id) => ({
          id,
          label: LABELS[id],
          content: opened.has(id) ? slots[id] : null,
        }))}
      />
    </div>
  );
}
