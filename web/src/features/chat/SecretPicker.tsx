import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { KeyRound } from "lucide-react";
import { useMemo, useState } from "react";
import { secretsQuery } from "@/api/queries/secrets";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { rank } from "@/lib/fuzzy";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

const SHOWN = 50;

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
  const [search, setSearch] = useState("");
  const left = useMemo(
    () => (secrets.data?.items ?? []).filter(({ id }) => !taken.includes(id)),
    [secrets.data, taken],
  );
  const found = useMemo(() => rank(search, left, ({ name }) => name, SHOWN), [left, search]);
  const store = () => {
    onClose();
    show({ settings: "requests" });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Attach a secret"
      description="Its value leaves with this one question, to the model that answers it. Without that it is kept out."
      footer={
        <>
          <Button onClick={store}>Store a secret…</Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      {secrets.isError ? <ErrorState error={secrets.error} /> : null}
      {secrets.isPending ? <Skeleton lines={4} /> : null}
      <Command label="Secrets" loop shouldFilter={false}>
        <Command.Input
          value={search}
          onValueChange={setSearch}
          placeholder="Part of a name"
          className="mb-2 h-control w-full rounded-md border border-line-strong bg-sunken px-2.5"
        />
        <Command.List className="max-h-[45dvh] overflow-y-auto">
          {secrets.data ? (
            <Command.Empty className="px-2 py-6 text-center text-muted">
              {left.length === 0 ? "There is no secret to attach." : "No secret has that name."}
            </Command.Empty>
          ) : null}
          {found.map(({ id, name, workspaceId: place }) => (
            <Command.Item
              key={id}
              value={id}
              onSelect={() => onPick(id)}
              className="flex min-h-row cursor-default items-center gap-2 rounded-sm px-2 data-[selected=true]:bg-accent-soft"
            >
              <KeyRound aria-hidden className="size-3.5 shrink-0 text-muted" />
              <code className="min-w-0 flex-1 truncate font-mono">{name}</code>
              <span className="text-muted text-sm">{place ? "this workspace" : "yours"}</span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}
