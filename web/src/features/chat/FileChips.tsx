import { FileText, Plus, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "@/ui/Button";

const FilePicker = lazy(() =>
  import("./FilePicker").then((module) => ({ default: module.FilePicker })),
);

/** The files whose text the model is given with the question. */
export function FileChips({
  workspaceId,
  paths,
  onAdd,
  onRemove,
}: {
  workspaceId: string;
  paths: readonly string[];
  onAdd: (path: string) => void;
  onRemove: (path: string) => void;
}) {
  const [isPicking, setPicking] = useState(false);
  return (
    <>
      <ul aria-label="Files the assistant is given" className="contents">
        {paths.map((path) => (
          <li
            key={path}
            className="inline-flex h-control-sm max-w-full items-center gap-1 rounded-sm bg-hover pr-0.5 pl-1.5 text-sm"
            title={path}
          >
            <FileText aria-hidden className="size-3.5 shrink-0 text-muted" />
            <span className="max-w-48 truncate">{path.slice(path.lastIndexOf("/") + 1)}</span>
            <button
              type="button"
              aria-label={`Leave out ${path}`}
              onClick={() => onRemove(path)}
              className="inline-flex size-5 items-center justify-center rounded-sm text-muted hover:bg-pressed hover:text-ink pointer-coarse:size-8"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        ))}
      </ul>
      <Button size="sm" variant="ghost" icon={<Plus />} onClick={() => setPicking(true)}>
        Add file
      </Button>
      {isPicking ? (
        <Suspense>
          <FilePicker
            workspaceId={workspaceId}
            taken={paths}
            onPick={(path) => {
              setPicking(false);
              onAdd(path);
            }}
            onClose={() => setPicking(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
