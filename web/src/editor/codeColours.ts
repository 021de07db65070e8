/** Colours for program text outside the editor, with the editor's own grammars. */
import { highlightCode, tagHighlighter, tags } from "@lezer/highlight";
import { findLanguage } from "./language";

/** A stretch of code in one colour. */
export interface ColouredPiece {
  readonly text: string;
  /** A class of the design system; nothing for plain text. */
  readonly className: string;
}

/** Longer code stays plain: colouring it would hold the page up. */
const LONGEST = 100_000;

const classes = tagHighlighter([
  { tag: [tags.keyword, tags.modifier], class: "text-(--syntax-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "text-(--syntax-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "text-(--syntax-number)" },
  { tag: tags.comment, class: "text-(--syntax-comment) italic" },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.propertyName),
      tags.definition(tags.function(tags.variableName)),
      tags.macroName,
    ],
    class: "text-(--syntax-function)",
  },
  { tag: [tags.typeName, tags.className, tags.tagName], class: "text-(--syntax-type)" },
  { tag: [tags.propertyName, tags.attributeName], class: "text-(--syntax-property)" },
  { tag: tags.inserted, class: "text-success" },
  { tag: tags.deleted, class: "text-danger" },
]);

/** Colours code in a language as a Markdown fence names it; nothing when it isn't known. */
export async function colourCode(
  code: string,
  language: string,
): Promise<ColouredPiece[] | undefined> {
  if (language === "" || code.length > LONGEST) return undefined;
  try {
    const support = await (await findLanguage(language))?.load();
    if (!support) return undefined;
    const pieces: ColouredPiece[] = [];
    highlightCode(
      code,
      support.language.parser.parse(code),
      classes,
      (text, className) => pieces.push({ text, className }),
      () => pieces.push({ text: "\n", className: "" }),
    );
    return pieces;
  } catch {
    // A grammar that can't be loaded costs the colours, not the code.
    return undefined;
  }
}
