import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/queries/keys";
import { deleteToken, tokensQuery } from "@/api/queries/tokens";
import { everyWorkspaceQuery } from "@/api/queries/workspaces";
import type { AccessToken } from "@/api/schema";
import { ago } from "@/lib/format";
import { lastUseWords, lifeWords } from "@/lib/tokenWords";
import { AlertDialog } from "@/ui/AlertDialog";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { ListFrame } from "@/ui/ListFrame";
import { toast } from "@/ui/Toast";
import { TokenDialog } from "./TokenDialog";

/** The tokens with which other programs ask the models here. */
export function TokenList() {
  const tokens = useQuery(tokensQuery);
  const workspaces = useQuery(everyWorkspaceQuery);
  const [creating, setCreating] = useState(false);
  const items = tokens.data?.items ?? [];
  const add = (
    <Button variant="primary" icon={<Plus />} onClick={() => setCreating(true)}>
      Create token
    </Button>
  );
  const nameOf = (id: string) =>
    workspaces.data?.find((workspace) => workspace.id === id)?.name ?? "a workspace";
  return (
    <>
      <ListFrame
        query={tokens}
        isEmpty={items.length === 0}
        icon={<KeyRound />}
        title="No access token"
        empty="With one, any program that speaks OpenAI's interface can use your models through Atelier: editor plugins, agents, scripts. Your budgets hold for them too."
        add={add}
      >
        <Card>
          <ul aria-label="Access tokens">
            {items.map((token) => (
              <TokenRow
                key={token.id}
                token={token}
                workspace={token.workspaceId ? nameOf(token.workspaceId) : undefined}
              />
            ))}
          </ul>
        </Card>
      </ListFrame>
      {creating ? <TokenDialog onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function TokenRow({ token, workspace }: { token: AccessToken; workspace: string | undefined }) {
  const [revoking, setRevoking] = useState(false);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => deleteToken(token.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.tokens });
      toast.success(`“${token.name}” is revoked`);
    },
    onError: (error) => toast.error(error),
    onSettled: () => setRevoking(false),
  });
  const life = lifeWords(token);
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-line border-b px-4 py-3 last:border-0">
      <div className="flex min-w-0 flex-1 basis-56 flex-col gap-0.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium [overflow-wrap:anywhere]">{token.name}</span>
          <code className="font-mono text-muted text-sm">…{token.ending}</code>
          {life === "Expired" ? <Badge tone="warning">Expired</Badge> : null}
        </p>
        <p className="flex flex-wrap gap-x-3 text-muted text-sm">
          <span>{lastUseWords(token)}</span>
          {life === "Expired" ? null : <span>{life}</span>}
          <span>Made {ago(token.createdAt)}</span>
        </p>
        <p className="text-muted text-sm [overflow-wrap:anywhere]">
          {token.models ? `May ask ${token.models.join(", ")}` : "May ask every model"}
          {workspace ? `; counts for ${workspace}` : ""}
        </p>
      </div>
      <Button size="sm" onClick={() => setRevoking(true)} aria-label={`Revoke ${token.name}`}>
        Revoke
      </Button>
      <AlertDialog
        open={revoking}
        onOpenChange={setRevoking}
        title={`Revoke “${token.name}”?`}
        confirm="Revoke token"
        danger
        busy={revoke.isPending}
        onConfirm={() => revoke.mutate()}
      >
        Programs that use it are refused from now on. It can't be brought back.
      </AlertDialog>
    </li>
  );
}
