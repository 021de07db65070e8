import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Conflict, Resolution } from "@/api/schema";
import { showComparison, showPiecesEditor } from "@/editor/lazyViews";
import { plural } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Tabs } from "@/ui/Tabs";
import { type Answers, isMerge, resolutionsOf, undecidedIn } from "./resolutions";

/** The files in which a proposal and a person's own edits change the same lines. */
export function ConflictAnswers({
  conflicts,
  isBusy,
  onApply,
  onLeaveOut,
  onBack,
}: {
  conflicts: readonly Conflict[];
  isBusy: boolean;
  onApply: (resolutions: Resolution[]) => void;
  /** Rejects what the proposal does to a file. */
  onLeaveOut: (path: string) => void;
  onBack: () => void;
}) {
  const [answers, setAnswers] = useState<Answers>(new Map());
  const resolutions = resolutionsOf(conflicts, answers);
  const answer = (path: string, text: string, open: number) =>
    setAnswers((all) => new Map(all).set(path, { text, open }));
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <p
        role="alert"
        className="flex shrink-0 items-start gap-2 border-line border-b bg-warning-soft px-3 py-2 text-sm"
      >
        <TriangleAlert aria-hidden className="mt-px size-4 shrink-0 text-warning" />
        {plural(conflicts.length, "file")} changed meanwhile in the same lines. Nothing was written;
        decide what stands.
      </p>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {conflicts.map((conflict) => (
          <OneConflict
            key={conflict.path}
            conflict={conflict}
            undecided={undecidedIn(conflict, answers)}
            onText={(text, open) => answer(conflict.path, text, open)}
            onLeaveOut={() => onLeaveOut(conflict.path)}
          />
        ))}
      </div>
      <footer className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-line border-t bg-panel px-3 py-2">
        <Button variant="ghost" disabled={isBusy} onClick={onBack}>
          Back to the review
        </Button>
        <Button
          variant="primary"
          busy={isBusy}
          disabled={resolutions === undefined}
          onClick={() => {
            if (resolutions) onApply(resolutions);
          }}
        >
          Apply with these texts
        </Button>
      </footer>
    </div>
  );
}

function OneConflict({
  conflict,
  undecided,
  onText,
  onLeaveOut,
}: {
  conflict: Conflict;
  undecided: number | undefined;
  onText: (text: string, open: number) => void;
  onLeaveOut: () => void;
}) {
  const [sheet, setSheet] = useState(isMerge(conflict) ? "merge" : "sides");
  const { path, reason, yours, theirs } = conflict;
  return (
    <article aria-label={path} className="border-line border-b">
      <header className="flex flex-wrap items-center gap-2 px-3 py-2">
        <h2 className="min-w-0 flex-1 truncate font-medium">{path}</h2>
        {undecided === undefined ? null : (
          <Badge tone={undecided === 0 ? "success" : "warning"}>
            {undecided === 0 ? "Decided" : `${undecided} to decide`}
          </Badge>
        )}
        <Button size="sm" onClick={onLeaveOut}>
          Leave this file out
        </Button>
        <p className="w-full text-muted text-sm">{reason}</p>
      </header>
      <Tabs
        label={`Conflict in ${path}`}
        flush
        className="h-80"
        value={sheet}
        onChange={setSheet}
        items={[
          ...(isMerge(conflict)
            ? [
                {
                  id: "merge",
                  label: "Merge",
                  content: <Merge conflict={conflict} onText={onText} />,
                },
              ]
            : []),
          {
            id: "sides",
            label: "Yours and proposed",
            content: <Sides path={path} yours={yours ?? ""} theirs={theirs ?? ""} />,
          },
        ]}
      />
    </article>
  );
}

function Merge({
  conflict,
  onText,
}: {
  conflict: Conflict;
  onText: (text: string, open: number) => void;
}) {
  const parent = useRef<HTMLDivElement>(null);
  const [{ path, pieces }] = useState(conflict);
  const latest = useRef(onText);
  latest.current = onText;
  useEffect(() => {
    if (!parent.current) return undefined;
    return showPiecesEditor(parent.current, {
      path,
      parts: pieces ?? [],
      names: { mine: "yours", theirs: "the proposal's" },
      onChange: (merged, open) => latest.current(merged, open),
    });
  }, [path, pieces]);
  return <div ref={parent} className="h-full overflow-hidden border-line border-t" />;
}

function Sides({ path, yours, theirs }: { path: string; yours: string; theirs: string }) {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!parent.current) return undefined;
    return showComparison(parent.current, {
      path,
      before: { text: yours, label: "Yours" },
      after: { text: theirs, label: "Proposed" },
      isUnified: true,
    });
  }, [path, yours, theirs]);
  return <div ref={parent} className="h-full overflow-hidden border-line border-t" />;
}
