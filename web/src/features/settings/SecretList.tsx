import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, RefreshCw, Trash2, Vault } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/queries/keys";
import { deleteSecret, secretsQuery } from "@/api/queries/secrets";
import type { StoredSecret } from "@/api/schema";
import { ago } from "@/lib/format";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { IconButton } from "@/ui/IconButton";
import { ListFrame } from "@/ui/ListFrame";
import { toast } from "@/ui/Toast";
import { SecretDialog } from "./SecretDialog";

/** The secrets of a workspace, or one's own: their names, never their values. */
export function SecretList({ workspaceId }: { workspaceId?: string }) {
  const secrets = useQuery(secretsQuery(workspaceId));
  // The secret whose value is replaced; "new" for one that isn't there yet.
  const [editing, setEditing] = useState<StoredSecret | "new">();
  const items = (secrets.data?.items ?? []).filter(
    (secret) => (secret.workspaceId ?? undefined) === workspaceId,
  );
  const add = (
    <Button variant="primary" icon={<Plus />} onClick={() => setEditing("new")}>
      Add secret
    </Button>
  );
  return (
    <>
      <ListFrame
        query={secrets}
        isEmpty={items.length === 0}
        icon={<Vault />}
        title="No secret"
        empty="A key or password that is stored here is sealed, is never shown again, and is kept out of every request to a model, in whatever form it turns up."
        add={add}
      >
        <Card>
          <ul aria-label="Secrets">
            {items.map((secret) => (
              <SecretRow key={secret.id} secret={secret} onReplace={() => setEditing(secret)} />
            ))}
          </ul>
        </Card>
      </ListFrame>
      {editing ? (
        <SecretDialog
          secret={editing === "new" ? undefined : editing}
          workspaceId={workspaceId}
          onClose={() => setEditing(undefined)}
        />
      ) : null}
    </>
  );
}

function SecretRow({ secret, onReplace }: { secret: StoredSecret; onReplace: () => void }) {
  const [deleting, setDeleting] = useState(false);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteSecret(secret.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.secrets });
      toast.success(`${secret.name} is gone`);
    },
    onError: (error) => toast.error(error),
    onSettled: () => setDeleting(false),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2 pr-2 pl-4 last:border-0">
      <div className="min-w-40 flex-1">
        <code className="break-all font-mono">{secret.name}</code>
        <p className="text-muted text-sm">
          Stored {ago(secret.createdAt)}, sealed
          {secret.replacedAt ? `; value replaced ${ago(secret.replacedAt)}` : ""}
        </p>
      </div>
      <IconButton
        size="sm"
        label={`Replace the value of ${secret.name}`}
        icon={<RefreshCw />}
        onClick={onReplace}
      />
      <IconButton
        size="sm"
        label={`Delete ${secret.name}`}
        icon={<Trash2 />}
        onClick={() => setDeleting(true)}
      />
      <AlertDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${secret.name}?`}
        confirm="Delete secret"
        danger
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        Its value can't be brought back, and requests to models are searched for it no longer.
      </AlertDialog>
    </li>
  );
}
