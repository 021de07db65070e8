import {
  AppWindow,
  Code,
  FolderTree,
  GitPullRequestArrow,
  MessageSquare,
  Play,
} from "lucide-react";
import { useState } from "react";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { PANELS, type Panel } from "@/lib/workspaceSearch";
import { type MobileTab, MobileTabBar } from "@/ui/MobileTabBar";
import { Dock } from "./Dock";
import { isDocked, layoutStore } from "./layoutStore";
import type { Slots } from "./slots";

const TABS: MobileTab<Panel>[] = [
  { id: "files", label: "Files", icon: <FolderTree /> },
  { id: "editor", label: "Editor", icon: <Code /> },
  { id: "chat", label: "Chat", icon: <MessageSquare /> },
  { id: "review", label: "Review", icon: <GitPullRequestArrow /> },
  { id: "run", label: "Run", icon: <Play /> },
  { id: "preview", label: "Preview", icon: <AppWindow /> },
];

/** What has no tab of its own: versions are a view of the file in the editor, the rest is docked. */
const TAB_OF: Partial<Record<Panel, Panel>> = {
  versions: "editor",
  terminal: "run",
  drafts: "run",
};

/** One part at a time, chosen at the foot of the screen. */
export function PhoneShell({ slots }: { slots: Slots }) {
  const search = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const panel = search.panel ?? (search.file ? "editor" : "files");
  // The dock shows one of its own sheets.
  const part = isDocked(panel) ? "run" : panel;
  // What was opened stays, so that nothing typed or streaming is lost.
  const [opened, setOpened] = useState<ReadonlySet<Panel>>(new Set([part]));
  if (!opened.has(part)) setOpened(new Set([...opened, part]));
  return (
    <>
      <div className="relative min-h-0 flex-1">
        {PANELS.filter((id) => opened.has(id) || id === part).map((id) => (
          <div
            key={id}
            hidden={id !== part}
            className="absolute inset-0 not-[[hidden]]:flex flex-col overflow-hidden bg-panel"
          >
            {id === "run" ? <Dock slots={slots} /> : slots[id]}
          </div>
        ))}
      </div>
      <MobileTabBar
        label="Workspace"
        tabs={TABS}
        value={TAB_OF[panel] ?? panel}
        onChange={(id) => show({ panel: id === "run" ? layoutStore.getState().dockPanel : id })}
      />
    </>
  );
}
