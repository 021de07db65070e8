import type { HTMLAttributes } from "react";
import { cx } from "@/lib/cx";

/** A sheet on the table. */
export function Card({ className, ...rest }: HTMLAttributes<HTMLDivElement>) {
  return (
    <div className={cx("rounded-lg border border-line bg-raised shadow-1", className)} {...rest} />
  );
}
