/**
 * Conflict markers in a merged text: finding them, settling them, and an
 * extension that shows the sides in colour with a button for each choice.
 */
import { type EditorState, type Range, StateField, Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";

/** A place where both sides changed the same lines. Positions are in characters. */
export interface ConflictBlock {
  readonly from: number;
  readonly to: number;
  readonly mine: string;
  readonly theirs: string;
}

/** What to do with a conflict. */
export type Settlement = "mine" | "theirs" | "both";

const START = /^<{7}(?: .*)?$/u;
const BASE = /^\|{7}(?: .*)?$/u;
const MIDDLE = /^={7}$/u;
const END = /^>{7}(?: .*)?$/u;

/** Finds every complete conflict in a text whose lines end in `\n`. */
export function conflictsIn(text: string): ConflictBlock[] {
  const found: ConflictBlock[] = [];
  let part: "none" | "mine" | "base" | "theirs" = "none";
  let from = 0;
  let sides = { mine: "", theirs: "" };
  let at = 0;
  for (const line of text.split(/(?<=\n)/u)) {
    const bare = line.replace(/\r?\n$/u, "");
    const next = at + line.length;
    if (START.test(bare)) {
      part = "mine";
      from = at;
      sides = { mine: "", theirs: "" };
    } else if (part === "mine" && BASE.test(bare)) {
      part = "base";
    } else if ((part === "mine" || part === "base") && MIDDLE.test(bare)) {
      part = "theirs";
    } else if (part === "theirs" && END.test(bare)) {
      found.push({ from, to: next, ...sides });
      part = "none";
    } else if (part === "mine" || part === "theirs") {
      sides[part] += line;
    }
    at = next;
  }
  return found;
}

/** The text that takes a conflict's place. */
export function settled(block: ConflictBlock, settlement: Settlement): string {
  switch (settlement) {
    case "mine":
      return block.mine;
    case "theirs":
      return block.theirs;
    case "both":
      return block.mine + block.theirs;
  }
}

/** What the sides of a merge are called on its buttons. */
export interface SideNames {
  readonly mine: string;
  readonly theirs: string;
}

/** Shows conflicts with their choices. */
export function conflictChoices(names: SideNames): StateField<DecorationSet> {
  return StateField.define<DecorationSet>({
    create: (state) => decorate(state, names),
    update: (decorations, transaction) =>
      transaction.docChanged ? decorate(transaction.state, names) : decorations,
    provide: (field) => EditorView.decorations.from(field),
  });
}

const lineClass = (name: string) => Decoration.line({ class: `cm-conflict-${name}` });
const LOOKS = {
  marker: lineClass("marker"),
  mine: lineClass("mine"),
  base: lineClass("base"),
  theirs: lineClass("theirs"),
};

function decorate(state: EditorState, names: SideNames): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const block of conflictsIn(state.doc.toString())) {
    const widget = new ChoiceWidget(block, names);
    ranges.push(Decoration.widget({ widget, block: true, side: -1 }).range(block.from));
    let look: keyof typeof LOOKS = "mine";
    const last = Math.min(block.to, state.doc.length);
    for (let at = block.from; at < last; ) {
      const line = state.doc.lineAt(at);
      const isMarker = [START, BASE, MIDDLE, END].some((marker) => marker.test(line.text));
      if (BASE.test(line.text)) look = "base";
      if (MIDDLE.test(line.text)) look = "theirs";
      ranges.push((isMarker ? LOOKS.marker : LOOKS[look]).range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(ranges, true);
}

class ChoiceWidget extends WidgetType {
  constructor(
    private readonly block: ConflictBlock,
    private readonly names: SideNames,
  ) {
    super();
  }

  override eq(other: ChoiceWidget): boolean {
    return other.block.from === this.block.from && other.block.to === this.block.to;
  }

  override toDOM(view: EditorView): HTMLElement {
    const row = document.createElement("div");
    row.className = "cm-conflict-choices";
    const choices: [Settlement, string][] = [
      ["mine", `Keep ${this.names.mine}`],
      ["theirs", `Keep ${this.names.theirs}`],
      ["both", "Keep both"],
    ];
    for (const [settlement, label] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "cm-button";
      button.textContent = label;
      button.addEventListener("click", () => {
        const { from, to } = this.block;
        const insert = Text.of(settled(this.block, settlement).split("\n"));
        view.dispatch({ changes: { from, to: Math.min(to, view.state.doc.length), insert } });
        view.focus();
      });
      row.append(button);
    }
    return row;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
