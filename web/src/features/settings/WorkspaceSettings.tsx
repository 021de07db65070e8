import type { ReactNode } from "react";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { SETTINGS, type Settings } from "@/lib/workspaceSearch";
import { Dialog } from "@/ui/Dialog";
import { Tabs } from "@/ui/Tabs";
import { LimitSettings } from "./LimitSettings";
import { NetworkSettings } from "./NetworkSettings";
import { RequestSettings } from "./RequestSettings";
import { ReviewSettings } from "./ReviewSettings";

const LABELS: Record<Settings, string> = {
  limits: "Limits",
  network: "Network",
  review: "Review",
  requests: "Secrets and requests",
};

/** The settings of a workspace, over its page. The sheet is the address's `?settings=`. */
export function WorkspaceSettings({
  workspaceId,
  sheet,
}: {
  workspaceId: string;
  sheet: Settings;
}) {
  const show = useShowInWorkspace();
  const sheets: Record<Settings, ReactNode> = {
    limits: <LimitSettings workspaceId={workspaceId} />,
    network: <NetworkSettings workspaceId={workspaceId} />,
    review: <ReviewSettings workspaceId={workspaceId} />,
    requests: <RequestSettings workspaceId={workspaceId} />,
  };
  return (
    <Dialog
      open
      wide
      onOpenChange={() => show({ settings: undefined }, { replace: true })}
      title="Workspace settings"
    >
      <Tabs
        label="Workspace settings"
        value={sheet}
        onChange={(id) =>
          show({ settings: SETTINGS.find((known) => known === id) }, { replace: true })
        }
        items={SETTINGS.map((id) => ({ id, label: LABELS[id], content: sheets[id] }))}
      />
    </Dialog>
  );
}
