/**
 * Reads an assistant's answer as it streams: prose stays Markdown, edit blocks
 * become a path and two counts, so that people read "edits main.py, +3 −1"
 * instead of raw markers. For display only; what is applied is decided by the
 * server from its own reading.
 */

/** What an edit does to a file. */
export type EditChange = "modify" | "create" | "delete" | "rename";

/** A part of an answer. */
export type AnswerPart =
  | { readonly kind: "prose"; readonly text: string }
  | {
      readonly kind: "edit";
      readonly path: string | undefined;
      readonly change: EditChange;
      readonly added: number;
      readonly removed: number;
      /** False while its end has not come. */
      readonly isComplete: boolean;
      readonly raw: string;
    };

type EditPart = Extract<AnswerPart, { kind: "edit" }>;

const SEARCH = /^\s*<{5,9}\s*SEARCH\s*>?\s*$/u;
const DIVIDER = /^\s*={5,9}\s*$/u;
const REPLACE = /^\s*>{5,9}\s*REPLACE\s*$/u;
const FENCE = /^\s*(`{3,}|~{3,})\s*(\S*)\s*$/u;
const PATCH_BEGIN = /^\s*\*\*\* Begin Patch\s*$/u;
const PATCH_END = /^\s*\*\*\* End Patch\s*$/u;
const PATCH_FILE = /^\*\*\* (Update|Add|Delete) File: (.+?)\s*$/u;
const PATCH_MOVE = /^\*\*\* Move to: (.+?)\s*$/u;

/**
 * Cuts an answer into its parts. With `isStreaming`, a last fence or file name
 * that may yet turn out to head an edit is held back, so that nothing flickers.
 */
export function answerParts(text: string, isStreaming = false): AnswerPart[] {
  const lines = text.split("\n");
  const reader = new Reader();
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (SEARCH.test(line)) {
      at = reader.searchReplace(lines, at);
    } else if (PATCH_BEGIN.test(line)) {
      at = reader.patch(lines, at);
    } else {
      reader.prose.push(line);
      at += 1;
    }
  }
  if (isStreaming) {
    reader.holdBack();
  }
  reader.flush();
  return reader.parts;
}

/** What has been read, and the prose that is not yet handed on. */
class Reader {
  readonly parts: AnswerPart[] = [];
  prose: string[] = [];
  private lastPath: string | undefined;
  /** Whether the last edit stands in a code fence that has not been closed. */
  private isFenced = false;

  /** Reads one block from its first marker; returns the line after it. */
  searchReplace(lines: readonly string[], from: number): number {
    const path = this.takeHead() ?? this.lastPath;
    this.lastPath = path;
    let section: "search" | "replace" | "done" = "search";
    const removed: string[] = [];
    const added: string[] = [];
    let at = from + 1;
    for (; at < lines.length && section !== "done"; at += 1) {
      const line = lines[at] ?? "";
      if (section === "search" && DIVIDER.test(line)) {
        section = "replace";
      } else if (section === "replace" && REPLACE.test(line)) {
        section = "done";
      } else if (section === "search") {
        removed.push(line);
      } else {
        added.push(line);
      }
    }
    const isComplete = section === "done";
    const change = isComplete && removed.length === 0 ? "create" : "modify";
    const raw = lines.slice(from, at).join("\n");
    const counts = { added: notIn(removed, added), removed: notIn(added, removed) };
    this.flush();
    this.parts.push({ kind: "edit", path, change, ...counts, isComplete, raw });
    return this.closeFence(lines, at);
  }

  /** Reads `*** Begin Patch` to its end; each file in it becomes a part. */
  patch(lines: readonly string[], from: number): number {
    this.isFenced = this.takeFence();
    this.flush();
    let at = from + 1;
    let isComplete = false;
    const edits: { -readonly [K in keyof EditPart]: EditPart[K] }[] = [];
    for (; at < lines.length && !isComplete; at += 1) {
      const line = lines[at] ?? "";
      isComplete = PATCH_END.test(line);
      readPatchLine(edits, line);
    }
    edits.forEach((edit, index) => {
      edit.isComplete = isComplete || index < edits.length - 1;
    });
    this.parts.push(...edits);
    return this.closeFence(lines, at);
  }

  /** Hands the prose on. */
  flush(): void {
    const text = this.prose.join("\n");
    this.prose = [];
    if (text.trim() !== "") {
      this.parts.push({ kind: "prose", text });
    }
  }

  /** Takes back an open fence (and a path before it) that ends the text so far. */
  holdBack(): void {
    const last = this.prose.at(-1) ?? "";
    if (/^\s*[<*=]{1,9}/u.test(last) && !/^\s*\*{1,2}[^*]/u.test(last)) {
      this.prose.pop();
    }
    const isOpen = this.prose.filter((line) => FENCE.test(line)).length % 2 === 1;
    const fence = this.lastFilled();
    if (isOpen && fence >= 0 && FENCE.test(this.prose[fence] ?? "")) {
      this.prose.length = fence;
      this.dropPath();
    } else if (this.prose.length > 1 && pathIn(this.prose.at(-1) ?? "") !== undefined) {
      this.prose.pop();
    }
  }

  private lastFilled(): number {
    return this.prose.findLastIndex((line) => line.trim() !== "");
  }

  /** Takes what names the file off the end of the prose: path, fence, or both. */
  private takeHead(): string | undefined {
    const isNextBlock = this.lastFilled() < 0 && this.parts.at(-1)?.kind === "edit";
    if (isNextBlock) {
      return undefined;
    }
    const inside = this.dropPath();
    this.isFenced = this.takeFence();
    return inside ?? (this.isFenced ? this.dropPath() : undefined);
  }

  private takeFence(): boolean {
    const index = this.lastFilled();
    const isOpen = this.prose.filter((line) => FENCE.test(line)).length % 2 === 1;
    if (isOpen && index >= 0 && FENCE.test(this.prose[index] ?? "")) {
      this.prose.length = index;
      return true;
    }
    return false;
  }

  /** The line after the fence that ends an edit's block, if it is there. */
  private closeFence(lines: readonly string[], at: number): number {
    const next = lines.findIndex((line, index) => index >= at && line.trim() !== "");
    const closes = next >= 0 && FENCE.exec(lines[next] ?? "")?.[2] === "";
    if (!this.isFenced || !closes) {
      return at;
    }
    this.isFenced = false;
    return next + 1;
  }

  private dropPath(): string | undefined {
    const index = this.lastFilled();
    const path = index < 0 ? undefined : pathIn(this.prose[index] ?? "");
    if (path !== undefined) {
      this.prose.length = index;
    }
    return path;
  }
}

function readPatchLine(
  edits: { -readonly [K in keyof EditPart]: EditPart[K] }[],
  line: string,
): void {
  const file = PATCH_FILE.exec(line);
  if (file) {
    const changes = { Update: "modify", Add: "create", Delete: "delete" } as const;
    const change = changes[file[1] as keyof typeof changes];
    const counts = { added: 0, removed: 0, isComplete: false, raw: line };
    edits.push({ kind: "edit", path: file[2], change, ...counts });
    return;
  }
  const edit = edits.at(-1);
  if (!edit) {
    return;
  }
  edit.raw += `\n${line}`;
  const move = PATCH_MOVE.exec(line);
  if (move) {
    edit.change = "rename";
    edit.path = move[1];
  } else if (line.startsWith("+")) {
    edit.added += 1;
  } else if (line.startsWith("-")) {
    edit.removed += 1;
  }
}

/** How many lines of `those` are not among `these`, each of which counts once. */
function notIn(these: readonly string[], those: readonly string[]): number {
  const left = new Map<string, number>();
  for (const line of these) left.set(line, (left.get(line) ?? 0) + 1);
  return those.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  }).length;
}

/** The path that a line is, once Markdown's dress is taken off. */
function pathIn(line: string): string | undefined {
  const bare = line
    .trim()
    .replace(/^#+\s*/u, "")
    .replace(/^(?:file(?:name)?|path):\s*/iu, "")
    .replace(/^[*_`]+|[*_`]+:?$/gu, "")
    .replace(/:$/u, "")
    .replace(/^`|`$/gu, "")
    .trim();
  const looksLikePath = /^[^\s<>|"?*][^<>|"?*]*$/u.test(bare) && /[./]/u.test(bare);
  const isSentence = /\s/u.test(bare) && !/^[^\s].*\.[A-Za-z0-9]{1,8}$/u.test(bare);
  const hasPunctuation = /[.!?;,]\s|[.!?;,]$/u.test(bare);
  return looksLikePath && !isSentence && !hasPunctuation && bare.length <= 300 ? bare : undefined;
}
