import { cx } from "@/lib/cx";
import { Input, type InputProps } from "./Input";

/** A number with what it counts behind it. */
export function UnitInput({ unit, className, ...rest }: InputProps & { unit: string }) {
  return (
    <span className={cx("relative flex items-center", className)}>
      <Input inputMode="decimal" autoComplete="off" {...rest} className="pr-20 tabular-nums" />
      <span aria-hidden className="pointer-events-none absolute right-2.5 text-muted text-sm">
        {unit}
      </span>
    </span>
  );
}
