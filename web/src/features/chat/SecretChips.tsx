import { KeyRound, X } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import type { StoredSecret } from "@/api/schema";
import { Button } from "@/ui/Button";

const SecretPicker = lazy(() =>
  import("./SecretPicker").then((module) => ({ default: module.SecretPicker })),
);

/** The secrets that may leave with the next question, and with it alone. Names only. */
export function SecretChips({
  workspaceId,
  secrets,
  onAdd,
  onRemove,
}: {
  workspaceId: string;
  secrets: readonly StoredSecret[];
  onAdd: (id: string) => void;
  onRemove: (id: string) => void;
}) {
  const [isPicking, setPicking] = useState(false);
  const attach = useRef<HTMLButtonElement>(null);
  return (
    <>
      <ul aria-label="Secrets the assistant may see this once" className="contents">
        {secrets.map(({ id, name }) => (
          <li
            key={id}
            className="inline-flex h-control-sm max-w-full items-center gap-1 rounded-sm bg-warning-soft pr-0.5 pl-1.5 text-sm"
            title={`The value of ${name} leaves with this question`}
          >
            <KeyRound aria-hidden className="size-3.5 shrink-0 text-warning" />
            <span className="max-w-48 truncate font-mono">{name}</span>
            <button
              type="button"
              aria-label={`Keep ${name} in`}
              onClick={() => {
                onRemove(id);
                // The button that had the focus is gone.
                attach.current?.focus();
              }}
              className="inline-flex size-5 items-center justify-center rounded-sm text-muted hover:bg-pressed hover:text-ink pointer-coarse:size-8"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        ))}
      </ul>
      <Button
        ref={attach}
        size="sm"
        variant="ghost"
        icon={<KeyRound />}
        onClick={() => setPicking(true)}
      >
        Attach secret
      </Button>
      {isPicking ? (
        <Suspense>
          <SecretPicker
            workspaceId={workspaceId}
            taken={secrets.map(({ id }) => id)}
            onPick={(id) => {
              setPicking(false);
              onAdd(id);
            }}
            onClose={() => setPicking(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
