import type { ReactNode, Ref, UIEventHandler } from "react";

/** A part that scrolls by itself, by keyboard too: it can have the focus. */
export function Scrollable({
  label,
  className,
  onScroll,
  ref,
  children,
}: {
  /** What is in it; read aloud. */
  label: string;
  className?: string;
  onScroll?: UIEventHandler;
  ref?: Ref<HTMLElement>;
  children: ReactNode;
}) {
  return (
    <section
      ref={ref}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus it can't be scrolled by keyboard
      tabIndex={0}
      onScroll={onScroll}
      className={className}
    >
      {children}
    </section>
  );
}
