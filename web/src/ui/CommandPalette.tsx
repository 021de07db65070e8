import { Command as Cmdk } from "cmdk";
import { Dialog as Radix } from "radix-ui";
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

/** Finds and runs a command by a few letters of its name. */
export function CommandPalette({
  open,
  onOpenChange,
  items,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  items: PaletteItem[];
}) {
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
          <Cmdk label="Commands" loop>
            <Cmdk.Input
              placeholder="What do you want to do?"
              className="h-11 w-full border-line border-b bg-transparent px-4 text-md outline-none placeholder:text-muted"
            />
            <Cmdk.List className="max-h-[50dvh] overflow-y-auto p-1.5">
              <Cmdk.Empty className="px-3 py-6 text-center text-muted">
                No command has that name.
              </Cmdk.Empty>
              {groups.map((group) => (
                <Cmdk.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-sm"
                >
                  {items
                    .filter((item) => item.group === group)
                    .map((item) => (
                      <Cmdk.Item
                        key={item.id}
                        value={`${item.label} ${item.id}`}
                        onSelect={() => {
                          onOpenChange(false);
                          item.run();
                        }}
                        className="flex min-h-control cursor-default items-center justify-between gap-3 rounded-md px-2.5 data-[selected=true]:bg-accent-soft"
                      >
                        {item.label}
                        {item.keys ? <Kbd keys={item.keys} /> : null}
                      </Cmdk.Item>
                    ))}
                </Cmdk.Group>
              ))}
            </Cmdk.List>
          </Cmdk>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
