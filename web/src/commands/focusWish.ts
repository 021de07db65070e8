/**
 * A wish for the keyboard to go somewhere. That place may not be there yet, so
 * the wish stays until one takes it, or it is too old.
 */
export interface FocusWish {
  ask(): void;
  /**
   * Takes the wish, now or when it comes; returns what stops waiting for it.
   * `take` says false where the keyboard can't go now, and the wish stays.
   */
  take(take: () => boolean): () => void;
}

/**
 * `lifetime` is how long a wish stays open, in milliseconds: who asked has gone
 * on to something else by then, and would lose the keyboard to it.
 */
export function createFocusWish(
  lifetime = Number.POSITIVE_INFINITY,
  now: () => number = () => performance.now(),
): FocusWish {
  const takers = new Set<() => boolean>();
  let openUntil = Number.NEGATIVE_INFINITY;
  const look = () => {
    for (const take of [...takers].reverse()) {
      if (now() < openUntil && take()) openUntil = Number.NEGATIVE_INFINITY;
    }
  };
  return {
    ask: () => {
      openUntil = now() + lifetime;
      look();
    },
    take: (take) => {
      takers.add(take);
      look();
      return () => takers.delete(take);
    },
  };
}

/** For the terminal in front. */
export const terminalFocus = createFocusWish();

/** For the box in which a question is written; without a model there is none. */
export const questionFocus = createFocusWish(5_000);
