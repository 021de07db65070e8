import { type RefObject, useEffect, useRef, useState } from "react";
import { followRun, type LinkState, type LiveRunEvent } from "@/api/events";
import type { StageName } from "@/api/schema";
import { TerminalWriter, textOf } from "./output";
import type { Screen } from "./terminal";

export type RunEnd = Extract<LiveRunEvent, { type: "finished" }>;

export interface RunProgress {
  readonly hasStarted: boolean;
  readonly hasOutput: boolean;
  /** The stage that goes on, when the program is compiled first. */
  readonly stage: StageName | undefined;
  readonly end: RunEnd | undefined;
  readonly link: LinkState;
  readonly error: unknown;
}

const AT_FIRST: RunProgress = {
  hasStarted: false,
  hasOutput: false,
  stage: undefined,
  end: undefined,
  link: "connecting",
  error: undefined,
};

/** Shows a run's output from its first byte on; the same after a reload. */
export function useRunOutput(
  runId: string,
  label: string,
  parent: RefObject<HTMLDivElement | null>,
): RunProgress & { readonly outputText: () => string } {
  const [progress, setProgress] = useState(AT_FIRST);
  const collected = useRef<string[]>([]);

  useEffect(() => {
    const output = collected.current;
    output.length = 0;
    setProgress(AT_FIRST);
    const change = (part: Partial<RunProgress>) => setProgress((last) => ({ ...last, ...part }));
    let screen: Screen | undefined;
    let isGone = false;
    let stop = () => undefined as unknown;

    const begin = async () => {
      const { openScreen } = await import("./terminal");
      if (isGone || !parent.current) return;
      screen = openScreen(parent.current, label);
      const following = followRun(runId, 0, {
        onLink: (link) => change({ link }),
        onEvent: intoScreen(screen, output, change),
      });
      stop = following.stop;
      await following.done;
    };
    begin().catch((error: unknown) => change({ error }));
    return () => {
      isGone = true;
      stop();
      screen?.dispose();
    };
  }, [runId, label, parent]);

  return { ...progress, outputText: () => collected.current.join("") };
}

function intoScreen(
  screen: Screen,
  collected: string[],
  change: (part: Partial<RunProgress>) => void,
) {
  const writer = new TerminalWriter();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  return (event: LiveRunEvent) => {
    switch (event.type) {
      case "started":
        change({ hasStarted: true });
        break;
      case "output":
        if (collected.length === 0) change({ hasOutput: true });
        collected.push(textOf(event, decoders[event.stream]));
        screen.write(writer.write(event));
        break;
      case "stage":
        change({ stage: event.outcome == null ? event.name : undefined });
        break;
      case "finished":
        change({ end: event });
        break;
    }
  };
}
