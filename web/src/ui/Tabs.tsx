import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

export interface TabItem {
  id: string;
  label: string;
  icon?: ReactNode;
  content: ReactNode;
}

/** Sheets of which one is in front. Arrow keys walk along them. */
export function Tabs({
  label,
  items,
  value,
  onChange,
  className,
}: {
  /** What the tabs are of; read aloud. */
  label: string;
  items: TabItem[];
  value: string;
  onChange: (id: string) => void;
  className?: string;
}) {
  return (
    <Radix.Root value={value} onValueChange={onChange} className={cx("flex flex-col", className)}>
      <Radix.List
        aria-label={label}
        className="flex shrink-0 gap-0.5 overflow-x-auto border-line border-b"
      >
        {items.map((item) => (
          <Radix.Trigger
            key={item.id}
            value={item.id}
            className="-mb-px inline-flex min-h-control shrink-0 items-center gap-1.5 border-transparent border-b-2 px-2.5 text-muted transition-colors hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink [&_svg]:size-4"
          >
            {item.icon}
            {item.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {items.map((item) => (
        <Radix.Content key={item.id} value={item.id} className="min-h-0 flex-1 pt-4">
          {item.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
