import { ChevronDown } from "lucide-react";
import type { Ref, SelectHTMLAttributes } from "react";
import { cx } from "@/lib/cx";

export interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  ref?: Ref<HTMLSelectElement>;
}

/** The browser's own list: it works by keyboard, by voice and on every phone. */
export function Select({ className, children, ...rest }: SelectProps) {
  return (
    <span className={cx("relative inline-flex", className)}>
      <select
        className="h-control w-full cursor-pointer appearance-none rounded-md border border-line-strong bg-sunken pr-7 pl-2.5 text-ink transition-colors hover:bg-hover focus-visible:border-focus focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:text-muted"
        {...rest}
      >
        {children}
      </select>
      <ChevronDown
        aria-hidden
        className="pointer-events-none absolute top-1/2 right-2 size-4 -translate-y-1/2 text-muted"
      />
    </span>
  );
}
