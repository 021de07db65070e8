import { useState } from "react";
import { useStore } from "zustand";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Tabs } from "@/ui/Tabs";
import { layoutStore, SIDE_PANELS, type SidePanel } from "./layoutStore";
import type { Slots } from "./slots";

const LABELS: Record<SidePanel, string> = {
  chat: "Chat",
  review: "Review",
  versions: "Versions",
  preview: "Preview",
};

/** The right side: chat, review, versions and preview, one in front. */
export function SidePane({ slots }: { slots: Slots }) {
  const panel = useStore(layoutStore, (layout) => layout.sidePanel);
  const show = useShowInWorkspace();
  // What was never in front isn't even fetched; what was stays.
  const [opened, setOpened] = useState<ReadonlySet<SidePanel>>(new Set([panel]));
  if (!opened.has(panel)) setOpened(new Set([...opened, panel]));
  return (
    <Tabs
      label="Assistant"
      flush
      className="h-full bg-panel"
      value={panel}
      onChange={(id) => {
        const next = SIDE_PANELS.find((known) => known === id);
        if (next) show({ panel: next }, { replace: true });
      }}
      items={SIDE_PANELS.map((id) => ({
        id,
        label: LABELS[id],
        content: opened.has(id) ? slots[id] : null,
      }))}
    />
  );
}
