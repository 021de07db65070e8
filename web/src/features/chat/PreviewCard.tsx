import { Eye } from "lucide-react";
import { plural } from "@/lib/format";
import { LineCounts } from "@/ui/LineCounts";
import { Scrollable } from "@/ui/Scrollable";
import type { EditPreview } from "./turnLog";

/** The changes that an answer has written so far. None of them is applied. */
export function PreviewCard({ previews }: { previews: readonly EditPreview[] }) {
  const added = previews.reduce((sum, preview) => sum + preview.added.length, 0);
  const removed = previews.reduce((sum, preview) => sum + preview.removed.length, 0);
  return (
    <section
      aria-label="Preview of the changes"
      className="overflow-hidden rounded-md border border-line-strong border-dashed"
    >
      <header className="flex flex-wrap items-center gap-x-2 gap-y-1 bg-panel px-3 py-1.5 text-sm">
        <Eye aria-hidden className="size-4 shrink-0 text-muted" />
        <span className="font-medium">Preview</span>
        <span className="flex-1 text-muted">
          {plural(previews.length, "change")} so far, not applied
        </span>
        <LineCounts added={added} removed={removed} />
      </header>
      <Scrollable
        label="Changes written so far"
        className="max-h-72 overflow-auto border-line border-t font-mono text-sm"
      >
        {previews.map((preview, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: previews are only ever added at the end
          <OnePreview key={index} preview={preview} />
        ))}
      </Scrollable>
    </section>
  );
}

function OnePreview({ preview }: { preview: EditPreview }) {
  const lines = [
    ...preview.removed.map((text) => ({ sign: "−", text, ground: "bg-removed" })),
    ...preview.added.map((text) => ({ sign: "+", text, ground: "bg-added" })),
  ];
  return (
    <div className="border-line not-first:border-t">
      <p className="px-3 py-1 font-sans text-muted text-xs">{preview.path ?? "a file"}</p>
      {lines.map(({ sign, text, ground }, index) => (
        <p
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a preview never change
          key={index}
          className={`${ground} whitespace-pre-wrap px-3 [overflow-wrap:anywhere]`}
        >
          <span aria-hidden className="mr-2 select-none">
            {sign}
          </span>
          <span className="sr-only">{sign === "+" ? "added: " : "removed: "}</span>
          {text === "" ? "\u200b" : text}
        </p>
      ))}
      {preview.isCut ? <p className="px-3 py-1 font-sans text-muted text-xs">and more</p> : null}
    </div>
  );
}
