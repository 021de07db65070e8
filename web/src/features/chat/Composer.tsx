import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { questionFocus } from "@/commands/focusWish";
import { useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { TextArea } from "@/ui/Input";

/** Where a question is written. Send and stop share one place, so that it never moves. */
export function Composer({
  text,
  onText,
  isRunning,
  isStopping,
  onSend,
  onStop,
  above,
  beside,
}: {
  text: string;
  onText: (text: string) => void;
  isRunning: boolean;
  isStopping: boolean;
  onSend: () => void;
  onStop: () => void;
  above: ReactNode;
  beside: ReactNode;
}) {
  const box = useRef<HTMLTextAreaElement>(null);
  const { panel } = useWorkspaceSearch();
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the panel it comes into sight
  useEffect(
    () =>
      questionFocus.take(() => {
        if (!box.current || box.current.closest("[hidden]")) return false;
        box.current.focus();
        return true;
      }),
    [panel],
  );
  useEffect(() => {
    const area = box.current;
    if (!area || text === undefined) return;
    // Grows with its text up to the limit of its class, then scrolls.
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text]);

  const canSend = text.trim() !== "" && !isRunning;
  const onKeyDown = (event: KeyboardEvent) => {
    const isSend = event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
    if (!isSend) return;
    event.preventDefault();
    if (canSend) onSend();
  };
  return (
    <form
      aria-label="Ask the assistant"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
      className="flex shrink-0 flex-col gap-2 border-line border-t bg-panel p-2.5"
    >
      {above}
      <TextArea
        ref={box}
        rows={2}
        aria-label="Your question"
        placeholder="Ask, or say what to change"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
        className="max-h-[30dvh] resize-none leading-relaxed"
      />
      <div className="flex items-center gap-2">
        {beside}
        <span className="flex-1" />
        {isRunning ? (
          <Button
            variant="danger"
            icon={<Square />}
            busy={isStopping}
            onClick={onStop}
            className="w-24"
          >
            Stop
          </Button>
        ) : (
          <Button
            type="submit"
            variant="primary"
            icon={<ArrowUp />}
            disabled={!canSend}
            className="w-24"
          >
            Send
          </Button>
        )}
      </div>
    </form>
  );
}
