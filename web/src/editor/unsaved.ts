/**
 * Unsaved texts, kept in this browser so that a reload or a crash loses
 * nothing. Each is kept with the version it was typed over.
 */

/** A text that was never saved. */
export interface UnsavedText {
  readonly versionId: string;
  readonly text: string;
}

/** Where texts are kept; the page gives the browser's own storage. */
export interface KeptValues {
  read(key: string): unknown;
  write(key: string, value: unknown): void;
}

/** Longer texts are not kept: a browser holds some five million characters in all. */
export const LONGEST_KEPT = 1_000_000;

/** How long after a keystroke a text is written, in milliseconds. */
const DELAY = 400;

export class UnsavedTexts {
  private readonly waiting = new Map<string, { timer: number; write: () => void }>();

  constructor(private readonly values: KeptValues) {}

  read(fileId: string): UnsavedText | undefined {
    const value = this.values.read(keyOf(fileId));
    if (typeof value !== "object" || value === null) return undefined;
    const { versionId, text } = value as Partial<Record<"versionId" | "text", unknown>>;
    return typeof versionId === "string" && typeof text === "string"
      ? { versionId, text }
      : undefined;
  }

  /** Keeps a text soon; `text` is only asked for when it is written. */
  keep(fileId: string, versionId: string, text: () => string): void {
    this.forgetWaiting(fileId);
    const write = () => {
      this.waiting.delete(fileId);
      const words = text();
      const value = words.length <= LONGEST_KEPT ? { versionId, text: words } : undefined;
      this.values.write(keyOf(fileId), value);
    };
    const timer = setTimeout(write, DELAY) as unknown as number;
    this.waiting.set(fileId, { timer, write });
  }

  forget(fileId: string): void {
    this.forgetWaiting(fileId);
    this.values.write(keyOf(fileId), undefined);
  }

  /** Writes at once what waits to be written; the page is about to go. */
  flush(): void {
    for (const { timer, write } of [...this.waiting.values()]) {
      clearTimeout(timer);
      write();
    }
  }

  private forgetWaiting(fileId: string): void {
    clearTimeout(this.waiting.get(fileId)?.timer);
    this.waiting.delete(fileId);
  }
}

function keyOf(fileId: string): string {
  return `atelier.unsaved.${fileId}`;
}
