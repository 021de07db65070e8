import { keyNames } from "@/lib/keys";

/** A key combination, such as `Mod+K`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <kbd className="inline-flex items-center gap-0.5 font-sans text-xs opacity-85">
      {keyNames(keys).map((name) => (
        <span
          key={name}
          className="min-w-[1.6em] rounded-sm border border-current/35 px-1 text-center leading-[1.5]"
        >
          {name}
        </span>
      ))}
    </kbd>
  );
}
