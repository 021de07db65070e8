import type { Proposal } from "@/api/schema";
import { plural } from "@/lib/format";

/** Says that what a proposal's draft stood on is not what it was. */
export function StaleDraft({ draft }: { draft: Proposal["draft"] }) {
  const [first] = draft?.stale ?? [];
  if (!draft || first === undefined) return null;
  const others = draft.stale.length - 1;
  const names = others > 0 ? `${first} and ${plural(others, "other file")}` : first;
  return (
    <p className="mt-1 text-sm text-warning [overflow-wrap:anywhere]">
      {draft.reads === "all"
        ? `Since its draft was made, ${names} changed, which may have been read in it.`
        : `Its draft read, looked for or changed ${names}, changed since.`}{" "}
      What ran there may not hold any more.
    </p>
  );
}
