import { Command } from "cmdk";
import { type ReactNode, useState } from "react";
import { rank } from "@/lib/fuzzy";
import { Dialog } from "./Dialog";
import { ErrorState } from "./ErrorState";
import type { Fetching } from "./ListFrame";
import { Skeleton } from "./Skeleton";

/** As many as can be read at a glance; a few more letters find the rest. */
const SHOWN = 50;

/** One thing that can be picked. */
export interface Pickable {
  readonly id: string;
  /** What it is found by. */
  readonly name: string;
}

/** Finds one of many by a few letters of its name. */
export function PickerDialog<Item extends Pickable>({
  title,
  description,
  label,
  placeholder,
  query,
  items,
  none,
  noneFound,
  footer,
  onPick,
  onClose,
  children,
}: {
  title: string;
  description?: string;
  /** What the list holds; read aloud. */
  label: string;
  placeholder: string;
  /** Where the items come from. */
  query: Fetching;
  items: readonly Item[];
  /** What is said when there is nothing to pick. */
  none: string;
  /** What is said when nothing has these letters. */
  noneFound: string;
  footer?: ReactNode;
  onPick: (id: string) => void;
  onClose: () => void;
  /** What is seen of an item. */
  children: (item: Item) => ReactNode;
}) {
  const [search, setSearch] = useState("");
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      {...(description ? { description } : {})}
      footer={footer}
    >
      {query.isError ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} className="mb-3" />
      ) : null}
      <Command label={label} loop shouldFilter={false}>
        <Command.Input
          value={search}
          onValueChange={setSearch}
          placeholder={placeholder}
          className="mb-2 h-control w-full rounded-md border border-line-strong bg-sunken px-2.5"
        />
        {query.isPending ? <Skeleton lines={4} /> : null}
        <Command.List className="max-h-[45dvh] overflow-y-auto">
          {query.isPending || query.isError ? null : (
            <Command.Empty className="px-2 py-6 text-center text-muted">
              {items.length === 0 ? none : noneFound}
            </Command.Empty>
          )}
          {rank(search, items, ({ name }) => name, SHOWN).map((item) => (
            <Command.Item
              key={item.id}
              value={item.id}
              onSelect={() => onPick(item.id)}
              className="flex min-h-row cursor-default items-center gap-2 rounded-sm px-2 data-[selected=true]:bg-accent-soft"
            >
              {children(item)}
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}
