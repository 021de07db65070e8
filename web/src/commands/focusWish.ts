/**
 * A wish for the keyboard to go somewhere. That place may not be there yet, so
 * the wish stays until one takes it.
 */
export interface FocusWish {
  ask(): void;
  /**
   * Takes the wish, now or when it comes; returns what stops waiting for it.
   * `take` says false where the keyboard can't go now, and the wish stays.
   */
  take(take: () => boolean): () => void;
}

export function createFocusWish(): FocusWish {
  const takers = new Set<() => boolean>();
  let isOpen = false;
  const look = () => {
    for (const take of [...takers].reverse()) {
      if (isOpen && take()) isOpen = false;
    }
  };
  return {
    ask: () => {
      isOpen = true;
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

/** For the box in which a question is written. */
export const questionFocus = createFocusWish();
