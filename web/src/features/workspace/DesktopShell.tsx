import type { ReactNode } from "react";
import { useStore } from "zustand";
import { type Pane, SplitPane } from "@/ui/SplitPane";
import { Dock } from "./Dock";
import { layoutStore } from "./layoutStore";
import { SidePane } from "./SidePane";
import type { Slots } from "./slots";

/** Explorer left, editor over runs and terminals in the middle, chat and review right. */
export function DesktopShell({ slots }: { slots: Slots }) {
  const layout = useStore(layoutStore);
  const editor: Pane = {
    id: "editor",
    label: "Editor",
    share: 62,
    least: 120,
    content: <Part tone="sunken">{slots.editor}</Part>,
  };
  const dock: Pane = {
    id: "run",
    label: "Runs and terminals",
    share: 38,
    least: 120,
    content: <Dock slots={slots} />,
  };
  const middle = layout.dock ? [editor, dock] : [editor];
  const panes: Pane[] = [
    ...(layout.files ? [explorer(slots)] : []),
    {
      id: "middle",
      label: "Editor and output",
      share: 53,
      least: 280,
      content: <SplitPane name="middle" panes={middle} orientation="vertical" />,
    },
    ...(layout.side ? [side(slots)] : []),
  ];
  return (
    <>
      <div className="min-h-0 flex-1">
        <SplitPane name="workspace" panes={panes} />
      </div>
      {slots.status}
    </>
  );
}

function explorer(slots: Slots): Pane {
  return {
    id: "files",
    label: "Explorer",
    share: 18,
    least: 160,
    content: <Part tone="panel">{slots.files}</Part>,
  };
}

function side(slots: Slots): Pane {
  return {
    id: "side",
    label: "Assistant",
    share: 29,
    least: 260,
    content: <SidePane slots={slots} />,
  };
}

function Part({ tone, children }: { tone: "panel" | "sunken"; children: ReactNode }) {
  return (
    <div
      className={`flex size-full min-h-0 flex-col overflow-hidden ${tone === "panel" ? "bg-panel" : "bg-sunken"}`}
    >
      {children}
    </div>
  );
}
