import { CircleAlert, Info } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

/** Something a person should know about what is shown below it, with what can be done. */
export function Notice({
  tone,
  children,
  actions,
}: {
  tone: "info" | "warning";
  children: ReactNode;
  actions?: ReactNode;
}) {
  const Icon = tone === "info" ? Info : CircleAlert;
  return (
    <div
      role="status"
      className={cx(
        "flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-line border-b px-3 py-1.5 text-sm",
        tone === "info" ? "bg-accent-soft" : "bg-warning-soft",
      )}
    >
      <p className="flex min-w-48 flex-1 items-start gap-2">
        <Icon
          aria-hidden
          className={cx("mt-px size-4 shrink-0", tone === "info" ? "text-accent" : "text-warning")}
        />
        <span>{children}</span>
      </p>
      {actions ? <div className="flex flex-wrap gap-1.5">{actions}</div> : null}
    </div>
  );
}
