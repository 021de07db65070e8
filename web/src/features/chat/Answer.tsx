import { lazy, Suspense, useDeferredValue, useMemo } from "react";
import { type AnswerPart, answerParts } from "./answer";
import { EditCard } from "./EditCard";
import { type EditGroup, groupEdits } from "./editGroups";

const Markdown = lazy(() => import("./Markdown").then((module) => ({ default: module.Markdown })));

/** The text of an answer: prose, and its edits as cards. */
export function Answer({
  text,
  isStreaming,
  onReview,
}: {
  text: string;
  isStreaming: boolean;
  /** Opens the review, once there is something to review. */
  onReview: (() => void) | undefined;
}) {
  const shown = useDeferredValue(text);
  const parts = useMemo(() => groupEdits(answerParts(shown, isStreaming)), [shown, isStreaming]);
  return (
    <>
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are only ever added at the end
        <Part key={index} part={part} onReview={onReview} />
      ))}
    </>
  );
}

function Part({
  part,
  onReview,
}: {
  part: Extract<AnswerPart, { kind: "prose" }> | EditGroup;
  onReview: (() => void) | undefined;
}) {
  if (part.kind === "edits") return <EditCard group={part} onReview={onReview} />;
  return (
    <Suspense fallback={<p className="whitespace-pre-wrap">{part.text}</p>}>
      <Markdown text={part.text} />
    </Suspense>
  );
}
