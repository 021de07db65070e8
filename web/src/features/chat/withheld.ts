/** Secrets that were kept out of a question, and which of them could go along. */
import type { StoredSecret } from "@/api/schema";
import type { TurnLog } from "./turnLog";

/** Names as the vault takes them; keys that were told by their shape have none. */
const STORABLE = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

export interface Offer {
  /** Those that the vault has. */
  readonly attach: readonly StoredSecret[];
  /** Those that it could have. */
  readonly toStore: readonly string[];
}

/** Says what can be done about secrets that were kept out. */
export function offerFor(names: readonly string[], vault: readonly StoredSecret[]): Offer {
  const attach = vault.filter(({ name }) => names.includes(name));
  const toStore = names.filter(
    (name) => STORABLE.test(name) && !attach.some((secret) => secret.name === name),
  );
  return { attach, toStore };
}

/** Whether a turn was refused because of secrets: nothing left for a model. */
export function isRefusedForSecrets({ state, failure, withheld, blocks }: TurnLog): boolean {
  if (state !== "failed") return false;
  if (failure?.code !== undefined) return failure.code === "secret_found";
  // Of an earlier turn the code isn't kept, but that it sent nothing is.
  return withheld.length > 0 && !blocks.some(({ kind }) => kind === "context");
}
