import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { cx } from "@/lib/cx";
import { IconButton } from "./IconButton";

/** How long the mark of success stays, in milliseconds. */
const MARKED = 2_000;

/** Text to be taken over exactly, such as a command, with a button that copies it. */
export function CopyCode({
  text,
  label,
  className,
}: {
  text: string;
  /** What is copied, as in "Copy the fix for Landlock". */
  label: string;
  className?: string;
}) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), MARKED);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // The browser did not allow it; the text can still be selected.
    }
  };
  return (
    <div className={cx("flex items-start rounded-sm bg-canvas", className)}>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="min-w-0 flex-1 select-all overflow-x-auto px-2.5 py-1.5 font-mono text-sm focus-visible:-outline-offset-2"
      >
        <code>{text}</code>
      </pre>
      <IconButton
        size="sm"
        label={isCopied ? "Copied" : label}
        icon={isCopied ? <Check className="text-success" /> : <Copy />}
        onClick={() => void copy()}
        className="m-0.5"
      />
    </div>
  );
}
