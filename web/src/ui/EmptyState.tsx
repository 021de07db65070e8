import type { ReactNode } from "react";

/** What stands where nothing is yet: what would be here and how it gets here. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      {icon ? (
        <span className="mb-1 text-muted [&_svg]:size-7 [&_svg]:stroke-[1.5]">{icon}</span>
      ) : null}
      <p className="font-medium text-md">{title}</p>
      {children ? <div className="max-w-sm text-balance text-muted">{children}</div> : null}
      {action ? <div className="mt-3">{action}</div> : null}
    </div>
  );
}
