import { Archive, ChevronDown, Ellipsis, MessageSquarePlus, Pencil } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

/** Which conversation is shown, and what can be done with it. */
export function ConversationBar({
  title,
  isBegun,
  isListShown,
  onList,
  onNew,
  onRename,
  onArchive,
}: {
  title: string;
  /** It has an id: it can be renamed and archived. */
  isBegun: boolean;
  isListShown: boolean;
  onList: () => void;
  onNew: () => void;
  onRename: () => void;
  onArchive: () => void;
}) {
  return (
    <header className="flex h-9 shrink-0 items-center gap-0.5 border-line border-b px-1.5 pointer-coarse:h-11">
      <h2 className="min-w-0 flex-1">
        <button
          type="button"
          aria-expanded={isListShown}
          onClick={onList}
          className="flex max-w-full items-center gap-1 rounded-md px-1.5 py-1 font-medium hover:bg-hover"
        >
          <span className="truncate">{title}</span>
          <ChevronDown aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="sr-only">, all conversations</span>
        </button>
      </h2>
      <IconButton
        size="sm"
        label="New conversation"
        icon={<MessageSquarePlus />}
        disabled={!isBegun && !isListShown}
        onClick={onNew}
      />
      {isBegun ? (
        <Menu
          label="Conversation"
          trigger={
            <button
              type="button"
              aria-label="Conversation actions"
              className="inline-flex size-control-sm items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
            >
              <Ellipsis aria-hidden className="size-4" />
            </button>
          }
          items={[
            { id: "rename", label: "Rename…", icon: <Pencil />, run: onRename },
            { id: "archive", label: "Archive…", icon: <Archive />, danger: true, run: onArchive },
          ]}
        />
      ) : null}
    </header>
  );
}
