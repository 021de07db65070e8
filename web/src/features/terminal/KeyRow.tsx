import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { EXTRA_KEYS, type ExtraKey } from "./keys";

const FACES: Record<ExtraKey, { label: string; face: ReactNode }> = {
  Escape: { label: "Escape", face: "Esc" },
  Tab: { label: "Tab", face: "Tab" },
  ArrowUp: { label: "Up", face: <ArrowUp aria-hidden /> },
  ArrowDown: { label: "Down", face: <ArrowDown aria-hidden /> },
  ArrowLeft: { label: "Left", face: <ArrowLeft aria-hidden /> },
  ArrowRight: { label: "Right", face: <ArrowRight aria-hidden /> },
};

const KEY =
  "inline-flex h-11 min-w-0 items-center justify-center rounded-md border border-edge bg-raised font-medium text-sm active:bg-pressed aria-pressed:bg-accent-soft aria-pressed:text-accent [&_svg]:size-4";

/** The keys that a touch keyboard lacks. */
export function KeyRow({
  isControlHeld,
  onPress,
  onControl,
}: {
  isControlHeld: boolean;
  onPress: (key: ExtraKey) => void;
  onControl: () => void;
}) {
  // The terminal must keep the focus, or the touch keyboard goes away.
  const keepFocus = (event: { preventDefault: () => void }) => event.preventDefault();
  return (
    <div
      role="toolbar"
      aria-label="Keys"
      className="grid shrink-0 grid-cols-7 gap-1 border-line border-t bg-panel p-1"
    >
      <button
        type="button"
        aria-pressed={isControlHeld}
        aria-label="Control, for the next key"
        onMouseDown={keepFocus}
        onClick={onControl}
        className={KEY}
      >
        Ctrl
      </button>
      {EXTRA_KEYS.map((key) => (
        <button
          key={key}
          type="button"
          aria-label={FACES[key].label}
          onMouseDown={keepFocus}
          onClick={() => onPress(key)}
          className={KEY}
        >
          {FACES[key].face}
        </button>
      ))}
    </div>
  );
}
