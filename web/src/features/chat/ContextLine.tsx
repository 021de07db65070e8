import { FileInput } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { bytes, plural } from "@/lib/format";
import type { TurnBlock } from "./turnLog";

const ModelCallDialog = lazy(() =>
  import("./ModelCallDialog").then((module) => ({ default: module.ModelCallDialog })),
);

/** What went to the model: how much, which files, and the request itself on demand. */
export function ContextLine({ block }: { block: Extract<TurnBlock, { kind: "context" }> }) {
  const [isOpen, setOpen] = useState(false);
  const { files } = block;
  const facts = [
    block.bytes === undefined ? undefined : bytes(block.bytes),
    files.length === 0 ? undefined : plural(files.length, "file"),
  ].filter(Boolean);
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-muted text-sm">
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="inline-flex items-center gap-1.5 rounded-sm underline decoration-line-strong underline-offset-2 hover:text-ink"
      >
        <FileInput aria-hidden className="size-3.5" />
        What was sent
      </button>
      {facts.length > 0 ? <span>{facts.join(", ")}</span> : null}
      {files.length > 0 ? (
        <span className="min-w-0 truncate" title={files.map(({ path }) => path).join("\n")}>
          {files
            .slice(0, 3)
            .map(({ path }) => path)
            .join(", ")}
          {files.length > 3 ? ` and ${files.length - 3} more` : ""}
        </span>
      ) : null}
      {isOpen ? (
        <Suspense>
          <ModelCallDialog id={block.modelCallId} files={files} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
