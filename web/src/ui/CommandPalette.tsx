import { Command as Cmdk } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { VEIL } from "./Dialog";
import { Kbd } from "./Kbd";

export interface PaletteItem {
  id: string;
  label: string;
  /** The heading it stands under. */
  group: string;
  keys?: string | undefined;
  run: () => void;
}

/** Finds something by a few letters of its name, and runs it. */
export function CommandPalette({
  open,
  onOpenChange,
  find,
  placeholder,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** What fits the letters, best first. */
  find: (query: string) => PaletteItem[];
  placeholder: string;
}) {
  const [query, setQuery] = useState("");
  const items = find(query);
  const groups = [...new Set(items.map((item) => item.group))];
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={VEIL} />
        <Radix.Content
          aria-describedby={undefined}
          className="pop fixed top-[10dvh] left-1/2 z-50 w-[min(34rem,94vw)] -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised shadow-3"
        >
          <Radix.Title className="sr-only">Commands</Radix.Title>
          <Cmdk label="Commands" loop shouldFilter={false}>
            <Cmdk.Input
              value={query}
              onValueChange={setQuery}
              placeholder={placeholder}
              className="h-11 w-full border-line border-b bg-transparent px-4 text-md outline-none placeholder:text-muted"
            />
            <Cmdk.List className="max-h-[50dvh] overflow-y-auto p-1.5">
              <Cmdk.Empty className="px-3 py-6 text-center text-muted">
                Nothing has that name.
              </Cmdk.Empty>
              {groups.map((group) => (
                <Group key={group} heading={group}>
                  {items
                    .filter((item) => item.group === group)
                    .map((item) => (
                      <Item key={item.id} item={item} onChosen={() => onOpenChange(false)} />
                    ))}
                </Group>
              ))}
            </Cmdk.List>
          </Cmdk>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Cmdk.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-sm"
    >
      {children}
    </Cmdk.Group>
  );
}

function Item({ item, onChosen }: { item: PaletteItem; onChosen: () => void }) {
  return (
    <Cmdk.Item
      value={item.id}
      onSelect={() => {
        onChosen();
        item.run();
      }}
      className="flex min-h-control cursor-default items-center justify-between gap-3 rounded-md px-2.5 data-[selected=true]:bg-accent-soft"
    >
      <span className="min-w-0 truncate">{item.label}</span>
      {item.keys ? <Kbd keys={item.keys} /> : null}
    </Cmdk.Item>
  );
}
