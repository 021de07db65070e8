import { History, MessageSquareQuote, Save } from "lucide-react";
import { runCommand } from "@/commands/registry";
import type { DocumentInfo, Documents } from "@/editor/documents";
import { plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { useCaret } from "./useDocument";
import { ASK_COMMAND } from "./useEditorCommands";

/** Where the open file is, whether it is saved, and what can be done with it. */
export function PathBar({
  documents,
  info,
  isSaving,
  onSave,
  onVersions,
}: {
  documents: Documents;
  info: DocumentInfo;
  isSaving: boolean;
  onSave: () => void;
  onVersions: () => void;
}) {
  return (
    <div className="flex min-h-9 shrink-0 items-center gap-2 border-line border-b bg-sunken px-3 text-sm">
      <p className="min-w-0 flex-1 truncate text-muted" title={info.path}>
        <bdi>{info.path}</bdi>
      </p>
      <AskSelection documents={documents} fileId={info.fileId} />
      <CaretPlace documents={documents} fileId={info.fileId} />
      <span role="status" className="whitespace-nowrap text-muted max-sm:sr-only">
        {isSaving ? "Saving…" : info.isDirty ? "Unsaved" : "Saved"}
      </span>
      <Button size="sm" variant="ghost" icon={<History />} onClick={onVersions}>
        Versions
      </Button>
      <Button
        size="sm"
        variant={info.isDirty ? "primary" : "ghost"}
        icon={<Save />}
        busy={isSaving}
        disabled={!info.isDirty}
        onClick={onSave}
      >
        Save
      </Button>
    </div>
  );
}

/** Offered while something is selected. */
function AskSelection({ documents, fileId }: { documents: Documents; fileId: string }) {
  const caret = useCaret(documents, fileId);
  if (!caret?.selected) return null;
  return (
    <Button
      size="sm"
      variant="secondary"
      icon={<MessageSquareQuote />}
      aria-label="Ask about selection"
      aria-keyshortcuts="Alt+Q"
      title="Ask about selection (Alt+Q)"
      // The selection stays: a press takes neither focus nor caret from the text.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => runCommand(ASK_COMMAND)}
    >
      <span className="whitespace-nowrap">
        Ask<span className="max-md:hidden"> about selection</span>
      </span>
    </Button>
  );
}

function CaretPlace({ documents, fileId }: { documents: Documents; fileId: string }) {
  const caret = useCaret(documents, fileId);
  if (!caret) return null;
  return (
    <span className="whitespace-nowrap text-muted tabular-nums max-lg:hidden">
      Ln {caret.line}, Col {caret.column}
      {caret.selected > 0 ? ` · ${plural(caret.selected, "character")} selected` : ""}
      {documents.lineBreak(fileId) === "\r\n" ? " · CRLF" : ""}
    </span>
  );
}
