/**
 * A merge in pieces as one text to edit: where both sides changed the same
 * lines they stand one under the other, in colour, with a button for each
 * choice. The places are known by their positions, so that no text of the file
 * is ever taken for a marker.
 */
import { invertedEffects } from "@codemirror/commands";
import {
  type EditorState,
  type Extension,
  type Range,
  StateEffect,
  StateField,
  Text,
  type Transaction,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { SideNames } from "./conflictMarkers";

/** A part of a merge: what goes together, or what both sides changed. */
export type MergePart =
  | { readonly type: "same"; readonly text: string }
  | { readonly type: "conflict"; readonly yours: string; readonly theirs: string };

/** A place to decide. Positions are the editor's, which counts a line ending as one. */
export interface OpenPlace {
  readonly from: number;
  /** Where the second side begins. */
  readonly middle: number;
  readonly to: number;
  readonly mine: string;
  readonly theirs: string;
}

/** The text to begin with, and the places to decide in it. */
export function mergeDraft(
  parts: readonly MergePart[],
  lineBreak: string,
): { text: string; places: OpenPlace[] } {
  let text = "";
  const places: OpenPlace[] = [];
  const position = () => text.split(lineBreak).join("\n").length;
  for (const part of parts) {
    if (part.type === "same") {
      text += part.text;
      continue;
    }
    const from = position();
    text += ended(part.yours, lineBreak);
    const middle = position();
    text += part.theirs;
    places.push({ from, middle, to: position(), mine: part.yours, theirs: part.theirs });
  }
  return { text, places };
}

/** A side that another one follows ends its last line. */
function ended(side: string, lineBreak: string): string {
  return side === "" || side.endsWith("\n") ? side : side + lineBreak;
}

/** The choice for the place with this number is made. */
const settle = StateEffect.define<number>();
/** The places are what they were, after a choice was undone. */
const restore = StateEffect.define<readonly OpenPlace[]>();

interface Shown {
  readonly places: readonly OpenPlace[];
  readonly decorations: DecorationSet;
}

/** Shows the places with their choices; `onOpen` hears how many are left. */
export function conflictPlaces(
  first: readonly OpenPlace[],
  names: SideNames,
  onOpen: (count: number) => void,
): Extension {
  const shown = (state: EditorState, places: readonly OpenPlace[]): Shown => ({
    places,
    decorations: decorate(state, places, names),
  });
  const field = StateField.define<Shown>({
    create: (state) => shown(state, first),
    update: (before, transaction) => {
      const places = placesAfter(before.places, transaction);
      return places === before.places ? before : shown(transaction.state, places);
    },
    provide: (field) => EditorView.decorations.from(field, ({ decorations }) => decorations),
  });
  return [
    field,
    invertedEffects.of(({ effects, startState }) =>
      effects.some((effect) => effect.is(settle) || effect.is(restore))
        ? [restore.of(startState.field(field).places)]
        : [],
    ),
    EditorView.updateListener.of(({ startState, state }) => {
      const count = state.field(field).places.length;
      if (startState.field(field).places.length !== count) onOpen(count);
    }),
  ];
}

function placesAfter(
  places: readonly OpenPlace[],
  { changes, docChanged, effects }: Transaction,
): readonly OpenPlace[] {
  for (const effect of effects) {
    if (effect.is(restore)) return effect.value;
  }
  const settled = effects.flatMap((effect) => (effect.is(settle) ? [effect.value] : []));
  if (!docChanged && settled.length === 0) return places;
  return places
    .filter((_, number) => !settled.includes(number))
    .map((place) => ({
      ...place,
      from: changes.mapPos(place.from, 1),
      middle: changes.mapPos(place.middle, 1),
      to: changes.mapPos(place.to, -1),
    }));
}

const lineClass = (name: string) => Decoration.line({ class: `cm-conflict-${name}` });
const MINE = lineClass("mine");
const THEIRS = lineClass("theirs");

function decorate(
  state: EditorState,
  places: readonly OpenPlace[],
  names: SideNames,
): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  places.forEach((place, number) => {
    const widget = new ChoiceWidget(place, number, names);
    ranges.push(Decoration.widget({ widget, block: true, side: -1 }).range(place.from));
    for (let at = place.from; at < place.to; ) {
      const line = state.doc.lineAt(at);
      ranges.push((at < place.middle ? MINE : THEIRS).range(line.from));
      at = line.to + 1;
    }
  });
  return Decoration.set(ranges, true);
}

class ChoiceWidget extends WidgetType {
  constructor(
    private readonly place: OpenPlace,
    private readonly number: number,
    private readonly names: SideNames,
  ) {
    super();
  }

  override eq({ place, number }: ChoiceWidget): boolean {
    return number === this.number && place.from === this.place.from && place.to === this.place.to;
  }

  override toDOM(view: EditorView): HTMLElement {
    const { from, to, mine, theirs } = this.place;
    const row = document.createElement("div");
    row.className = "cm-conflict-choices";
    const choices: [string, string | undefined][] = [
      [`Keep ${this.names.mine}`, mine],
      [`Keep ${this.names.theirs}`, theirs],
      ["Keep both", ended(mine, view.state.lineBreak) + theirs],
      ["Keep as it stands", undefined],
    ];
    for (const [label, text] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "cm-button";
      button.textContent = label;
      button.addEventListener("click", () => {
        const changes =
          text === undefined ? [] : { from, to, insert: Text.of(text.split(view.state.lineBreak)) };
        view.dispatch({ changes, effects: settle.of(this.number) });
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
