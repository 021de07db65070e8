import type { ReactNode } from "react";

/** Something about an answer that a person should not miss. */
export function Sign({
  icon,
  tone,
  label,
  children,
}: {
  icon: ReactNode;
  tone: string;
  label: string;
  children: ReactNode;
}) {
  return (
    <div role="note" aria-label={label} className={`flex gap-2.5 rounded-md px-3 py-2 ${tone}`}>
      <span aria-hidden className="mt-0.5 [&_svg]:size-4">
        {icon}
      </span>
      <div className="min-w-0 text-sm [overflow-wrap:anywhere]">
        <strong className="font-medium">{label}.</strong> {children}
      </div>
    </div>
  );
}
