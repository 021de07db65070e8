import { useQuery } from "@tanstack/react-query";
import { KeyRound, ShieldCheck } from "lucide-react";
import { secretsQuery } from "@/api/queries/secrets";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { Sign } from "./Sign";
import { offerFor } from "./withheld";

/** Asks a question again, with these secrets attached. */
export type AskWith = (secretIds: readonly string[]) => void;

/** Which secrets a model did not get to see. */
export function WithheldSign({
  workspaceId,
  names,
  askWith,
}: {
  workspaceId: string;
  names: readonly string[];
  askWith: AskWith | undefined;
}) {
  return (
    <Sign icon={<ShieldCheck />} tone="bg-hover" label="Kept out">
      <Names names={names} /> The model got <code className="font-mono">[secret NAME]</code> in
      place of {names.length === 1 ? "the value" : "each value"}.
      <AttachOffer workspaceId={workspaceId} names={names} askWith={askWith} />
    </Sign>
  );
}

/** Offers to let the secrets go along, or says what it takes. */
export function AttachOffer({
  workspaceId,
  names,
  askWith,
}: {
  workspaceId: string;
  names: readonly string[];
  askWith: AskWith | undefined;
}) {
  const show = useShowInWorkspace();
  const { data } = useQuery(secretsQuery(workspaceId));
  if (!data) return null;
  const { attach, toStore } = offerFor(names, data.items);
  const what = new Set(attach.map(({ name }) => name));
  return (
    <div className="mt-1.5 flex flex-col items-start gap-1.5 text-sm">
      {askWith && attach.length > 0 ? (
        <Button
          size="sm"
          icon={<KeyRound />}
          onClick={() => askWith(attach.map(({ id }) => id))}
          className="h-auto min-h-control-sm max-w-full whitespace-normal py-0.5 text-left"
        >
          Attach {what.size === 1 ? [...what].join("") : `these ${what.size}`} and ask again
        </Button>
      ) : null}
      {toStore.length > 0 ? (
        <p className="text-muted">
          Only a secret of the vault can be attached: to let <Names names={toStore} bare /> leave,
          store {toStore.length === 1 ? "its value" : "their values"} there first.{" "}
          <button
            type="button"
            onClick={() => show({ settings: "requests" })}
            className="rounded-sm text-accent underline underline-offset-2"
          >
            Secrets of this workspace
          </button>
        </p>
      ) : null}
    </div>
  );
}

function Names({ names, bare = false }: { names: readonly string[]; bare?: boolean }) {
  return (
    <>
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 ? ", " : ""}
          <code className="font-mono">{name}</code>
        </span>
      ))}
      {bare ? "" : "."}
    </>
  );
}
