import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { denialsQuery } from "@/api/queries/network";
import { useAllow } from "@/api/useAllow";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { toast } from "@/ui/Toast";
import { denialKey, latestDenial } from "./news";

/** Says that a program was refused the network, with the one click that allows it. */
export function DenialNotice({ workspaceId }: { workspaceId: string }) {
  const denials = useQuery(denialsQuery(workspaceId));
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const show = useShowInWorkspace();
  const allow = useAllow(workspaceId);
  const denial = latestDenial(denials.data?.items ?? [], dismissed);
  if (!denial) return null;
  const { host, port, resource } = denial;
  return (
    <Notice
      tone="warning"
      actions={
        <>
          <Button
            size="sm"
            variant="primary"
            busy={allow.isPending}
            onClick={() => allow.mutate({ resource }, { onError: (error) => toast.error(error) })}
          >
            <span className="max-w-48 truncate">Allow {resource}</span>
          </Button>
          <Button size="sm" onClick={() => show({ settings: "network" }, { replace: true })}>
            Settings
          </Button>
          <Button
            size="sm"
            variant="ghost"
            onClick={() => setDismissed(new Set([...dismissed, denialKey(denial)]))}
          >
            Dismiss
          </Button>
        </>
      }
    >
      <strong className="break-all font-semibold">
        {host}:{port}
      </strong>{" "}
      was refused: it isn't allowed in this workspace.
    </Notice>
  );
}
