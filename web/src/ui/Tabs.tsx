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
  flush = false,
  className,
}: {
  /** What the tabs are of; read aloud. */
  label: string;
  items: TabItem[];
  value: string;
  onChange: (id: string) => void;
  /** The sheets reach the edges and scroll by themselves. */
  flush?: boolean;
  className?: string;
}) {
  return (
    <Radix.Root
      value={value}
      onValueChange={onChange}
      className={cx("flex min-h-0 flex-col", className)}
    >
      <Radix.List
        aria-label={label}
        className={cx(
          "flex min-h-control shrink-0 gap-0.5 overflow-x-auto overflow-y-hidden border-line border-b",
          flush && "h-9 px-1.5 pointer-coarse:h-11",
        )}
      >
        {items.map((item) => (
          <Radix.Trigger
            key={item.id}
            value={item.id}
            className="-mb-px inline-flex min-h-control-sm shrink-0 self-stretch items-center gap-1.5 border-transparent border-b-2 px-2.5 text-muted transition-colors hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink [&_svg]:size-4"
          >
            {item.icon}
            {item.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {items.map((item) => (
        // Those behind stay, so that what was typed or is streaming there does too.
        <Radix.Content
          key={item.id}
          value={item.id}
          forceMount
          hidden={item.id !== value}
          className={cx(
            "min-h-0 flex-1 focus-visible:-outline-offset-2",
            flush ? "not-[[hidden]]:flex flex-col overflow-hidden" : "pt-4",
          )}
        >
          {item.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
