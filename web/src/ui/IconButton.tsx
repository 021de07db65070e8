import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "@/lib/cx";
import { type ButtonVariant, buttonClass } from "./Button";
import { Spinner } from "./Spinner";
import { Tooltip } from "./Tooltip";

export interface IconButtonProps
  extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> {
  /** What it does; read aloud and shown on hover. */
  label: string;
  icon: ReactNode;
  /** Its shortcut, such as `Mod+K`. */
  keys?: string | undefined;
  variant?: ButtonVariant;
  size?: "sm" | "md";
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  label,
  icon,
  keys,
  variant = "ghost",
  size = "md",
  busy = false,
  disabled,
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip label={label} keys={keys}>
      <button
        type={type}
        aria-label={label}
        aria-busy={busy || undefined}
        disabled={disabled || busy}
        className={cx(
          buttonClass(variant, size),
          "aspect-square px-0 aria-pressed:bg-accent-soft aria-pressed:text-accent [&_svg]:size-4",
          className,
        )}
        {...rest}
      >
        {busy ? <Spinner /> : icon}
      </button>
    </Tooltip>
  );
}
