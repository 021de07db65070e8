import { Code, FolderTree, GitPullRequestArrow, MessageSquare, Play } from "lucide-react";
import { useState } from "react";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { PANELS, type Panel } from "@/lib/workspaceSearch";
import { type MobileTab, MobileTabBar } from "@/ui/MobileTabBar";
import type { Slots } from "./slots";

const TABS: MobileTab<Panel>[] = [
  { id: "files", label: "Files", icon: <FolderTree /> },
  { id: "editor", label: "Editor", icon: <Code /> },
  { id: "chat", label: "Chat", icon: <MessageSquare /> },
  { id: "review", label: "Review", icon: <GitPullRequestArrow /> },
  { id: "run", label: "Run", icon: <Play /> },
];

/** One part at a time, chosen at the foot of the screen. */
export function PhoneShell({ slots }: { slots: Slots }) {
  const search = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const panel = search.panel ?? (search.file ? "editor" : "files");
  // What was opened stays, so that nothing typed or streaming is lost.
  const [opened, setOpened] = useState<ReadonlySet<Panel>>(new Set([panel]));
  if (!opened.has(panel)) setOpened(new Set([...opened, panel]));
  return (
    <>
      <div className="relative min-h-0 flex-1">
        {PANELS.filter((id) => opened.has(id) || id === panel).map((id) => (
          <div
            key={id}
            hidden={id !== panel}
            className="absolute inset-0 not-[[hidden]]:flex flex-col overflow-hidden bg-panel"
          >
            {slots[id]}
          </div>
        ))}
      </div>
      <MobileTabBar
        label="Workspace"
        tabs={TABS}
        // Versions are a view of the file in the editor and have no tab of their own.
        value={panel === "versions" ? "editor" : panel}
        onChange={(id) => show({ panel: id })}
      />
    </>
  );
}
