/**
 * A run's output as bytes for a terminal. Both streams share one screen in the
 * order they came; each line of standard error is headed by a mark as well as
 * coloured, so that colour is not needed to tell them apart.
 */
import type { LiveRunEvent } from "@/api/events";

type OutputEvent = Extract<LiveRunEvent, { type: "output" }>;
type Stream = OutputEvent["stream"];

const ESCAPE = "\u001b";
const RED = `${ESCAPE}[31m`;
const PLAIN = `${ESCAPE}[39m`;

/** What heads a line of standard error. */
export const ERROR_MARK = "▌ ";

/** The text of an output event. Bytes that are not UTF-8 become replacement characters. */
export function textOf(event: OutputEvent, decoder: TextDecoder): string {
  if (event.text != null) return event.text;
  const bytes = Uint8Array.from(atob(event.base64 ?? ""), (char) => char.charCodeAt(0));
  return decoder.decode(bytes, { stream: true });
}

/**
 * Turns output into what is written to the terminal. Keeps in mind where the
 * line stands, because a line may come in several events.
 */
export class TerminalWriter {
  private isLineStart = true;
  private last: Stream | undefined;
  private readonly decoders: Record<Stream, TextDecoder> = {
    stdout: new TextDecoder(),
    stderr: new TextDecoder(),
  };

  write(event: OutputEvent): string {
    const text = textOf(event, this.decoders[event.stream]);
    if (text === "") return "";
    // A stream that ends in mid-line must not swallow the start of the other's.
    const isCutIn = !this.isLineStart && this.last !== event.stream;
    this.last = event.stream;
    const start = isCutIn ? "\n" : "";
    if (isCutIn) this.isLineStart = true;
    const shown = event.stream === "stderr" ? this.marked(text) : text;
    this.isLineStart = /[\n\r]$/u.test(text);
    return start + shown;
  }

  private marked(text: string): string {
    const head = RED + ERROR_MARK;
    // A bare carriage return goes back to the line's start, over the mark.
    const lines = text.split(/(?<=\n|\r(?!\n))/u);
    return lines
      .map((line, index) => {
        const isStart = index > 0 || this.isLineStart;
        const end = /\r?\n$|\r$/u.exec(line)?.[0] ?? "";
        const words = line.slice(0, line.length - end.length);
        return `${isStart ? head : RED}${words}${PLAIN}${end}`;
      })
      .join("");
  }
}
