import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "@/lib/cx";
import { Spinner } from "./Spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";

const LOOKS: Record<ButtonVariant, string> = {
  primary:
    "bg-accent-fill text-on-accent shadow-1 not-disabled:hover:bg-accent-fill-hover not-disabled:active:bg-accent-fill-hover",
  secondary:
    "bg-raised text-ink border border-edge shadow-1 not-disabled:hover:bg-hover not-disabled:active:bg-pressed",
  ghost: "text-ink not-disabled:hover:bg-hover not-disabled:active:bg-pressed",
  danger: "bg-danger-fill text-on-accent shadow-1 not-disabled:hover:bg-danger-fill-hover",
};

/** The look of a button, for links that look like one. */
export function buttonClass(variant: ButtonVariant, size: "sm" | "md" = "md"): string {
  return cx(
    "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors",
    "disabled:cursor-not-allowed disabled:opacity-55 [&_svg]:size-[1.15em] [&_svg]:shrink-0",
    size === "sm" ? "h-control-sm px-2 text-sm" : "h-control px-3 text-base",
    LOOKS[variant],
  );
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: ButtonVariant;
  size?: "sm" | "md";
  /** Shows that what it started is under way; it can't be pressed meanwhile. */
  busy?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  variant = "secondary",
  size = "md",
  busy = false,
  icon,
  disabled,
  className,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(buttonClass(variant, size), className)}
      {...rest}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}
