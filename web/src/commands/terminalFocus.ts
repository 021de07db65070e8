import { createStore } from "zustand/vanilla";

/**
 * Asks for the keyboard to go into the terminal in front. It may not be there
 * yet, so the wish stays until a terminal takes it.
 */
const wish = createStore(() => ({ isOpen: false }));

export function askForTerminalFocus(): void {
  wish.setState({ isOpen: true });
}

/** Takes the wish, now or when it comes; returns what stops waiting for it. */
export function takeTerminalFocus(take: () => void): () => void {
  const look = () => {
    if (!wish.getState().isOpen) return;
    wish.setState({ isOpen: false });
    take();
  };
  look();
  return wish.subscribe(look);
}
