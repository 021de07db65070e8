import { Cpu, FileInput, Shuffle } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { ContextFile } from "@/api/schema";
import { bytes, plural, sentence } from "@/lib/format";
import { placeLabel } from "@/lib/selection";
import { Badge } from "@/ui/Badge";
import { Sign } from "./Sign";
import type { TurnBlock } from "./turnLog";

const ModelCallDialog = lazy(() =>
  import("./ModelCallDialog").then((module) => ({ default: module.ModelCallDialog })),
);

/** What went to the model: how much, which files, and the request itself on demand. */
export function ContextLine({ block }: { block: Extract<TurnBlock, { kind: "context" }> }) {
  const { files, asked } = block;
  const isPart = files.some(({ lines }) => lines);
  const facts = [
    block.bytes === undefined ? undefined : bytes(block.bytes),
    files.length === 0 ? undefined : plural(files.length, isPart ? "piece" : "file"),
  ].filter(Boolean);
  const places = files.map(({ path, lines }) => placeLabel(path, lines));
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-muted text-sm">
        <WhatWasSent modelCallId={block.modelCallId} files={files} />
        {facts.length > 0 ? <span>{facts.join(", ")}</span> : null}
        {files.length > 0 ? (
          <span className="min-w-0 truncate" title={places.join("\n")}>
            {places.slice(0, 3).join(", ")}
            {files.length > 3 ? ` and ${files.length - 3} more` : ""}
          </span>
        ) : null}
        {asked && !asked.isLocal ? (
          <span className="[overflow-wrap:anywhere]" title={asked.reason}>
            to {asked.model}
          </span>
        ) : null}
      </div>
      {asked?.isLocal ? (
        <Sign icon={<Cpu />} tone="bg-accent-soft" label="On your own hardware">
          {asked.model} answers; nothing leaves for another machine. {sentence(asked.reason)}
        </Sign>
      ) : null}
    </>
  );
}

/** Another model took over: which, why, and what it was sent. */
export function SwitchedLine({ block }: { block: Extract<TurnBlock, { kind: "switched" }> }) {
  return (
    <Sign icon={<Shuffle />} tone="bg-warning-soft" label="Another model took over">
      {block.to} answers instead of {block.from}. {sentence(block.reason)} The answer begins anew.{" "}
      {block.isLocal ? <Badge tone="accent">On your own hardware</Badge> : null}{" "}
      <WhatWasSent modelCallId={block.modelCallId} files={[]} />
    </Sign>
  );
}

function WhatWasSent({
  modelCallId,
  files,
}: {
  modelCallId: string;
  files: readonly ContextFile[];
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="inline-flex items-center gap-1.5 rounded-sm underline decoration-line-strong underline-offset-2 hover:text-ink"
      >
        <FileInput aria-hidden className="size-3.5" />
        What was sent
      </button>
      {isOpen ? (
        <Suspense>
          <ModelCallDialog id={modelCallId} files={files} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
