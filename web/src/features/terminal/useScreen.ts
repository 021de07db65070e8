import { type RefObject, useCallback, useEffect, useEffectEvent, useState } from "react";
import { useStore } from "zustand";
import type { LinkState } from "@/api/events";
import { terminalOptions } from "./options";
import type { Ended, Screen } from "./screen";

export interface ScreenState {
  readonly screen: Screen | undefined;
  readonly link: LinkState;
  readonly end: Ended | undefined;
  /** The address of a link that was chosen and waits for a yes. */
  readonly address: string | undefined;
  readonly isControlHeld: boolean;
  /** Why the terminal could not be shown. */
  readonly error: unknown;
}

const AT_FIRST: ScreenState = {
  screen: undefined,
  link: "connecting",
  end: undefined,
  address: undefined,
  isControlHeld: false,
  error: undefined,
};

/** Shows a terminal in an element while the component is shown. */
export function useScreen(
  id: string,
  title: string,
  parent: RefObject<HTMLDivElement | null>,
  onLeave: () => void,
): readonly [ScreenState, (part: Partial<ScreenState>) => void] {
  const [state, setState] = useState(AT_FIRST);
  const change = useCallback(
    (part: Partial<ScreenState>) => setState((last) => ({ ...last, ...part })),
    [],
  );
  const leave = useEffectEvent(onLeave);
  const label = useEffectEvent(() => labelOf(title));

  useEffect(() => {
    setState(AT_FIRST);
    let screen: Screen | undefined;
    let isGone = false;
    const begin = async () => {
      const { openScreen } = await import("./screen");
      if (isGone || !parent.current) return;
      screen = openScreen(parent.current, id, label(), {
        onLink: (link) => change({ link }),
        onEnded: (end) => change({ end }),
        onLeave: () => leave(),
        onAddress: (address) => change({ address }),
        onControlUsed: () => change({ isControlHeld: false }),
      });
      change({ screen });
    };
    begin().catch((error: unknown) => change({ error }));
    return () => {
      isGone = true;
      screen?.dispose();
    };
  }, [id, parent, change]);

  const readAloud = useStore(terminalOptions, (options) => options.readAloud);
  const { screen } = state;
  useEffect(() => screen?.readAloud(readAloud), [screen, readAloud]);
  return [state, change];
}

/** The name that screen readers say; it tells the way out, since Tab is the program's. */
function labelOf(title: string): string {
  return `Terminal ${title}. Shift+F6 leaves it.`;
}
