import { useEffect, useRef, useState } from "react";
import { cx } from "@/lib/cx";

/** Asks for a name in the tree itself. Enter takes it, Escape leaves all as it was. */
export function NameInput({
  label,
  initial,
  problemOf,
  onDone,
  onCancel,
}: {
  label: string;
  initial: string;
  problemOf: (name: string) => string | undefined;
  onDone: (name: string) => void;
  onCancel: () => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(initial);
  const [isTried, setTried] = useState(false);
  const problem = name === initial ? undefined : problemOf(name);
  const shown = isTried || name !== initial ? problem : undefined;

  useEffect(() => {
    const box = input.current;
    if (!box) return;
    box.focus();
    // The ending usually stays: select what is before it.
    const dot = box.value.lastIndexOf(".");
    box.setSelectionRange(0, dot > 0 ? dot : box.value.length);
  }, []);

  const finish = () => {
    if (name === initial || name.trim() === "") onCancel();
    else if (problem) setTried(true);
    else onDone(name);
  };
  return (
    <span className="relative min-w-0 flex-1">
      <input
        ref={input}
        aria-label={label}
        aria-invalid={shown ? true : undefined}
        aria-describedby={shown ? "tree-name-problem" : undefined}
        value={name}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(event) => setName(event.target.value)}
        onBlur={() => (problem ? onCancel() : finish())}
        onKeyDown={(event) => {
          // The tree's own keys must not act while a name is typed.
          event.stopPropagation();
          if (event.key === "Enter") finish();
          if (event.key === "Escape") onCancel();
        }}
        className={cx(
          "h-[calc(var(--row)-4px)] w-full rounded-sm border bg-sunken px-1 outline-none",
          shown ? "border-danger" : "border-focus",
        )}
      />
      {shown ? (
        <span
          id="tree-name-problem"
          role="alert"
          className="absolute inset-x-0 top-full z-20 rounded-sm border border-danger/40 bg-raised px-2 py-1 text-danger text-sm shadow-2"
        >
          {shown}
        </span>
      ) : null}
    </span>
  );
}
