import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Conflict, Resolution } from "@/api/schema";
import { showComparison, showMergeEditor } from "@/editor/lazyViews";
import { plural } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Tabs } from "@/ui/Tabs";
import { type Answers, firstAnswers, resolutionsOf, undecidedIn } from "./resolutions";

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
  const [answers, setAnswers] = useState<Answers>(() => firstAnswers(conflicts));
  const resolutions = resolutionsOf(conflicts, answers);
  const answer = (path: string, text: string) => setAnswers((all) => new Map(all).set(path, text));
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
            text={answers.get(conflict.path)}
            onText={(text) => answer(conflict.path, text)}
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
  text,
  onText,
  onLeaveOut,
}: {
  conflict: Conflict;
  undecided: number | undefined;
  text: string | undefined;
  onText: (text: string) => void;
  onLeaveOut: () => void;
}) {
  const [sheet, setSheet] = useState(text === undefined ? "sides" : "merge");
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
          ...(text === undefined
            ? []
            : [
                {
                  id: "merge",
                  label: "Merge",
                  content: <Merge path={path} text={text} onText={onText} />,
                },
              ]),
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
  path,
  text,
  onText,
}: {
  path: string;
  text: string;
  onText: (text: string) => void;
}) {
  const parent = useRef<HTMLDivElement>(null);
  const [first] = useState(text);
  const latest = useRef(onText);
  latest.current = onText;
  useEffect(() => {
    if (!parent.current) return undefined;
    return showMergeEditor(parent.current, {
      path,
      text: first,
      names: { mine: "yours", theirs: "the proposal's" },
      onChange: (merged) => latest.current(merged),
    });
  }, [path, first]);
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
