import type { InputHTMLAttributes, ReactNode } from "react";
import { cx } from "@/lib/cx";

export interface SwitchProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "role"> {
  label: ReactNode;
}

/** For what takes effect at once. A choice that is saved later is a `Checkbox`. */
export function Switch({ label, className, ...rest }: SwitchProps) {
  return (
    <label
      className={cx(
        "inline-flex min-h-control-sm cursor-pointer select-none items-center gap-2 has-disabled:cursor-not-allowed has-disabled:text-muted",
        className,
      )}
    >
      <span className="relative inline-flex">
        <input
          type="checkbox"
          // biome-ignore lint/a11y/useAriaPropsForRole: the browser tells the state of its own checkbox
          role="switch"
          className="peer h-4.5 w-8 cursor-pointer appearance-none rounded-full border border-line-strong bg-hover transition-colors checked:border-accent-fill checked:bg-accent-fill disabled:cursor-not-allowed disabled:opacity-55"
          {...rest}
        />
        <span className="pointer-events-none absolute top-1/2 left-1 size-3 -translate-y-1/2 rounded-full bg-muted transition-[translate,background-color] peer-checked:translate-x-3 peer-checked:bg-on-accent" />
      </span>
      {label}
    </label>
  );
}
