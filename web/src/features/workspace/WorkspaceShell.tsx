import { PHONE, useMediaQuery } from "@/ui/useMediaQuery";
import { DesktopShell } from "./DesktopShell";
import { PhoneShell } from "./PhoneShell";
import type { Slots } from "./slots";
import { useFollowAddress } from "./useFollowAddress";
import { useLayoutCommands } from "./useLayoutCommands";

/** Lays out the parts of the workspace page: side by side, or one at a time. */
export function WorkspaceShell({ slots }: { slots: Slots }) {
  const isPhone = useMediaQuery(PHONE);
  useLayoutCommands();
  useFollowAddress(isPhone);
  return (
    <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
      {isPhone ? <PhoneShell slots={slots} /> : <DesktopShell slots={slots} />}
    </main>
  );
}
