import type { InputHTMLAttributes, Ref, TextareaHTMLAttributes } from "react";
import { cx } from "@/lib/cx";

const BOX =
  "w-full rounded-md border border-line-strong bg-sunken text-ink transition-colors placeholder:text-muted hover:border-muted focus-visible:border-focus focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-hover disabled:text-muted aria-invalid:border-danger read-only:bg-hover";

export interface InputProps extends InputHTMLAttributes<HTMLInputElement> {
  ref?: Ref<HTMLInputElement>;
}

export function Input({ className, ...rest }: InputProps) {
  return <input className={cx(BOX, "h-control px-2.5", className)} {...rest} />;
}

export interface TextAreaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  ref?: Ref<HTMLTextAreaElement>;
}

export function TextArea({ className, ...rest }: TextAreaProps) {
  return <textarea className={cx(BOX, "min-h-16 px-2.5 py-1.5", className)} {...rest} />;
}
