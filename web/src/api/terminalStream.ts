/**
 * What a terminal's connection knows: up to which byte its output was seen,
 * and whether it has ended. Pure; `terminals.ts` holds the socket.
 */

/** What a frame of the server means to the screen. */
export type TerminalNews =
  | {
      readonly type: "start";
      readonly columns: number;
      readonly rows: number;
      /** Bytes that are gone for good; the screen has to begin anew. */
      readonly lost: boolean;
    }
  | { readonly type: "output"; readonly bytes: Uint8Array; readonly isReplay: boolean }
  | { readonly type: "resized"; readonly columns: number; readonly rows: number }
  | {
      readonly type: "ended";
      readonly exitCode: number | null;
      readonly signal: number | null;
      readonly reason: string | null;
    };

export class TerminalStream {
  private seen: number | undefined;
  /** Where in the output the next byte of this connection stands. */
  private position: number | undefined;
  /** What stood when this connection began is old news, up to here. */
  private replayEnd = 0;
  private isOver = false;

  /** The byte to go on from, for `?after=`; from the oldest that is kept, at first. */
  get offset(): number | undefined {
    return this.seen;
  }

  /** True when its program has ended and there is nothing to wait for. */
  get hasEnded(): boolean {
    return this.isOver;
  }

  /** A new connection: its first frame says where it begins. */
  reconnect(): void {
    this.position = undefined;
  }

  /** Takes in a frame; nothing for one that isn't understood. */
  take(frame: string | Uint8Array): TerminalNews | undefined {
    return typeof frame === "string" ? this.takeText(frame) : this.takeBytes(frame);
  }

  private takeText(frame: string): TerminalNews | undefined {
    const message = parse(frame);
    switch (message?.type) {
      case "start":
        return this.start(message);
      case "resized":
        return { type: "resized", ...sizeOf(message) };
      case "ended":
        this.isOver = true;
        return {
          type: "ended",
          exitCode: numberOf(message.exitCode),
          signal: numberOf(message.signal),
          reason: typeof message.reason === "string" ? message.reason : null,
        };
      default:
        return undefined;
    }
  }

  private start(message: Record<string, unknown>): TerminalNews {
    const offset = numberOf(message.offset) ?? this.seen ?? 0;
    const lost = this.seen !== undefined && offset > this.seen;
    this.position = offset;
    this.seen = Math.max(this.seen ?? 0, offset);
    this.replayEnd = numberOf(message.end) ?? offset;
    return { type: "start", ...sizeOf(message), lost };
  }

  private takeBytes(bytes: Uint8Array): TerminalNews | undefined {
    // Bytes before the first frame have no place.
    if (this.position === undefined) return undefined;
    const known = Math.max(0, (this.seen ?? 0) - this.position);
    const isReplay = this.position < this.replayEnd;
    this.position += bytes.length;
    if (known >= bytes.length) return undefined;
    this.seen = this.position;
    return { type: "output", bytes: bytes.subarray(known), isReplay };
  }
}

/** The most typed bytes that fit into one frame. */
export const FRAME = 64 * 1024;

/** Cuts what was typed or pasted into frames. */
export function framesOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += FRAME) frames.push(bytes.subarray(at, at + FRAME));
  return frames;
}

function parse(frame: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(message: Record<string, unknown>): { columns: number; rows: number } {
  return { columns: numberOf(message.columns) ?? 80, rows: numberOf(message.rows) ?? 24 };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
