import { Check, Minus } from "lucide-react";
import { type InputHTMLAttributes, type ReactNode, useEffect, useRef } from "react";
import { cx } from "@/lib/cx";

export interface CheckboxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  /** Shown beside it. Without one, give it an `aria-label`. */
  label?: ReactNode;
  /** Some of what it stands for is checked. */
  indeterminate?: boolean;
}

export function Checkbox({ label, indeterminate = false, className, ...rest }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // There is no attribute for this state.
    if (box.current) box.current.indeterminate = indeterminate;
  }, [indeterminate]);
  return (
    <label
      className={cx(
        "inline-flex min-h-control-sm cursor-pointer select-none items-center gap-2 has-disabled:cursor-not-allowed has-disabled:text-muted",
        className,
      )}
    >
      <span className="relative inline-flex">
        <input
          ref={box}
          type="checkbox"
          className="peer size-4 cursor-pointer appearance-none rounded-sm border border-line-strong bg-sunken transition-colors checked:border-accent-fill checked:bg-accent-fill indeterminate:border-accent-fill indeterminate:bg-accent-fill disabled:cursor-not-allowed disabled:opacity-55"
          {...rest}
        />
        <Check
          aria-hidden
          strokeWidth={3}
          className="pointer-events-none absolute inset-0.5 hidden size-3 text-on-accent peer-checked:not-peer-indeterminate:block"
        />
        <Minus
          aria-hidden
          strokeWidth={3}
          className="pointer-events-none absolute inset-0.5 hidden size-3 text-on-accent peer-indeterminate:block"
        />
      </span>
      {label}
    </label>
  );
}
