import { Settings2 } from "lucide-react";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { IconButton } from "@/ui/IconButton";

/** Opens the settings of the workspace. */
export function SettingsButton() {
  const show = useShowInWorkspace();
  return (
    <IconButton
      label="Workspace settings"
      icon={<Settings2 />}
      onClick={() => show({ settings: "limits" }, { replace: true })}
    />
  );
}
