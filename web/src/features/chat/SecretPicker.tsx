import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { secretsQuery } from "@/api/queries/secrets";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { PickerDialog } from "@/ui/PickerDialog";

/** Finds a secret of the vault by a few letters of its name. Values are never here. */
export function SecretPicker({
  workspaceId,
  taken,
  onPick,
  onClose,
}: {
  workspaceId: string;
  taken: readonly string[];
  onPick: (id: string) => void;
  onClose: () => void;
}) {
  const show = useShowInWorkspace();
  const secrets = useQuery(secretsQuery(workspaceId));
  const store = () => {
    onClose();
    show({ settings: "requests" });
  };
  return (
    <PickerDialog
      title="Attach a secret"
      description="Its value leaves with this one question, to the model that answers it. Without that it is kept out."
      label="Secrets"
      placeholder="Part of a name"
      query={secrets}
      items={(secrets.data?.items ?? []).filter(({ id }) => !taken.includes(id))}
      none="There is no secret to attach."
      noneFound="No secret has that name."
      footer={
        <>
          <Button onClick={store}>Store a secret…</Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
      onPick={onPick}
      onClose={onClose}
    >
      {({ name, workspaceId: place }) => (
        <>
          <KeyRound aria-hidden className="size-3.5 shrink-0 text-muted" />
          <code className="min-w-0 flex-1 truncate font-mono">{name}</code>
          <span className="text-muted text-sm">{place ? "this workspace" : "yours"}</span>
        </>
      )}
    </PickerDialog>
  );
}
