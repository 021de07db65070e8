import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { secretsQuery } from "@/api/queries/secrets";
import type { StoredSecret } from "@/api/schema";

export interface AttachedSecrets {
  readonly secrets: readonly StoredSecret[];
  add(id: string): void;
  remove(id: string): void;
  /** Puts these in the place of those there were. */
  set(ids: readonly string[]): void;
}

/** The secrets that go with the next question of a conversation. */
export function useAttachedSecrets(workspaceId: string, slot: string): AttachedSecrets {
  const [attached, setAttached] = useState<{ slot: string; ids: readonly string[] }>();
  // What was meant for one conversation goes with no question of another.
  const ids = attached?.slot === slot ? attached.ids : [];
  const { data } = useQuery({ ...secretsQuery(workspaceId), enabled: ids.length > 0 });
  const set = (next: readonly string[]) => setAttached({ slot, ids: next });
  return {
    // One that was deleted meanwhile can't go anywhere.
    secrets: data?.items.filter(({ id }) => ids.includes(id)) ?? [],
    add: (id) => set(ids.includes(id) ? ids : [...ids, id]),
    remove: (id) => set(ids.filter((other) => other !== id)),
    set,
  };
}
