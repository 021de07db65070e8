/**
 * Programs ask their terminal what it is, where the cursor stands, which
 * colours it has; the terminal answers as if it were typed. Of several pages
 * on one terminal only one may answer, and none while old output is shown again.
 */
import type { IDisposable, Terminal } from "@xterm/xterm";

/** Keeps the terminal from answering whenever `mayAnswer` says no. */
export function answerOnlyWhen(terminal: Terminal, mayAnswer: () => boolean): IDisposable {
  const { parser } = terminal;
  // A handler that returns true has dealt with the question: by silence.
  const swallow = () => !mayAnswer();
  const ofColour = (data: string) => data.includes("?") && !mayAnswer();
  const handlers = [
    ...[{ final: "c" }, { prefix: ">", final: "c" }, { final: "n" }, { prefix: "?", final: "n" }],
    { intermediates: "$", final: "p" },
    { prefix: "?", intermediates: "$", final: "p" },
  ].map((id) => parser.registerCsiHandler(id, swallow));
  handlers.push(parser.registerDcsHandler({ intermediates: "$", final: "q" }, swallow));
  for (const code of [4, 10, 11, 12]) handlers.push(parser.registerOscHandler(code, ofColour));
  return {
    dispose: () => {
      for (const handler of handlers) handler.dispose();
    },
  };
}
