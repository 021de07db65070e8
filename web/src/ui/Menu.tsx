import { ContextMenu as Context, DropdownMenu as Dropdown } from "radix-ui";
import { Fragment, type ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Kbd } from "./Kbd";

export interface MenuItem {
  id: string;
  label: string;
  icon?: ReactNode;
  /** Its shortcut, such as `Mod+S`. */
  keys?: string | undefined;
  danger?: boolean;
  disabled?: boolean;
  /** Draws a line above it. */
  separated?: boolean;
  run: () => void;
}

const SURFACE =
  "pop z-50 min-w-44 rounded-md border border-line bg-raised p-1 shadow-2 outline-none";

function itemClass(danger: boolean | undefined): string {
  return cx(
    "flex min-h-row cursor-default select-none items-center gap-2 rounded-sm px-2 outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:text-muted",
    danger && "text-danger data-[highlighted]:bg-danger-soft [&_svg]:text-danger",
  );
}

function ItemText({ item }: { item: MenuItem }) {
  return (
    <>
      {item.icon}
      <span className="flex-1">{item.label}</span>
      {item.keys ? <Kbd keys={item.keys} /> : null}
    </>
  );
}

/** A menu that opens from its trigger, a button. */
export function Menu({
  trigger,
  items,
  label,
  align = "end",
}: {
  trigger: ReactNode;
  items: MenuItem[];
  /** What the menu is of; read aloud. */
  label: string;
  align?: "start" | "end";
}) {
  return (
    <Dropdown.Root>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content aria-label={label} align={align} sideOffset={4} className={SURFACE}>
          {items.map((item) => (
            <Fragment key={item.id}>
              {item.separated ? <Dropdown.Separator className="my-1 h-px bg-line" /> : null}
              <Dropdown.Item
                disabled={item.disabled ?? false}
                onSelect={item.run}
                className={itemClass(item.danger)}
              >
                <ItemText item={item} />
              </Dropdown.Item>
            </Fragment>
          ))}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

/** The menu of a thing itself: by right click, long press or the menu key. */
export function ContextMenu({
  items,
  label,
  children,
}: {
  items: MenuItem[];
  label: string;
  /** One element, which the menu belongs to. */
  children: ReactNode;
}) {
  return (
    <Context.Root>
      <Context.Trigger asChild>{children}</Context.Trigger>
      <Context.Portal>
        <Context.Content aria-label={label} className={SURFACE}>
          {items.map((item) => (
            <Fragment key={item.id}>
              {item.separated ? <Context.Separator className="my-1 h-px bg-line" /> : null}
              <Context.Item
                disabled={item.disabled ?? false}
                onSelect={item.run}
                className={itemClass(item.danger)}
              >
                <ItemText item={item} />
              </Context.Item>
            </Fragment>
          ))}
        </Context.Content>
      </Context.Portal>
    </Context.Root>
  );
}
