import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { keys } from "@/api/queries/keys";
import { deleteGrant } from "@/api/queries/network";
import type { Grant } from "@/api/schema";
import { ago } from "@/lib/format";
import { REGISTRIES, remaining } from "@/lib/grantForm";
import { IconButton } from "@/ui/IconButton";
import { toast } from "@/ui/Toast";
import { LIST, ROW } from "./rows";

/** What is allowed, until when, and the way to take it back. */
export function GrantList({
  workspaceId,
  grants,
}: {
  workspaceId: string;
  grants: readonly Grant[];
}) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => deleteGrant(id),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.grants(workspaceId) }),
    onError: (error) => toast.error(error),
  });
  if (grants.length === 0) {
    return <p className={`${LIST} px-3 py-2.5 text-muted`}>Nothing: the network is off.</p>;
  }
  return (
    <ul aria-label="Allowed" className={LIST}>
      {grants.map(({ id, resource, createdAt, until }) => (
        <li key={id} className={ROW}>
          <div className="min-w-40 flex-1">
            {resource === REGISTRIES ? (
              <>
                <p className="font-medium">Package registries</p>
                <p className="text-muted text-sm">
                  PyPI, npm, crates.io, Go, RubyGems, Packagist, Maven Central, Debian
                </p>
              </>
            ) : (
              <code className="break-all font-mono text-sm">{resource}</code>
            )}
          </div>
          <span className="text-muted text-sm">
            {until ? remaining(until) : `since ${ago(createdAt)}`}
          </span>
          <IconButton
            size="sm"
            label={`Remove ${resource === REGISTRIES ? "package registries" : resource}`}
            icon={<Trash2 />}
            busy={remove.isPending && remove.variables === id}
            onClick={() => remove.mutate(id)}
          />
        </li>
      ))}
    </ul>
  );
}
