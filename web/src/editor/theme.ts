/** The editor's looks, made of the design tokens alone: they know light from dark. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const surfaces = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--sunken)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-base)",
    lineHeight: "1.6",
    overscrollBehavior: "contain",
  },
  ".cm-content": { caretColor: "var(--accent)", paddingBlock: "0.5rem 40vh" },
  ".cm-line": { padding: "0 0.75rem 0 0.5rem" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-selectionBackground": { background: "var(--selection)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--selection)",
  },
  ".cm-content ::selection": { background: "var(--selection)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 45%, transparent)" },
  ".cm-gutters": {
    backgroundColor: "var(--sunken)",
    color: "var(--muted)",
    border: "none",
    fontSize: "0.92em",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.25rem 0 0.75rem", minWidth: "2.75rem" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-foldGutter .cm-gutterElement": { padding: "0 0.25rem", cursor: "pointer" },
  ".cm-foldPlaceholder": {
    background: "var(--accent-soft)",
    border: "none",
    borderRadius: "var(--radius-sm)",
    color: "var(--accent)",
    padding: "0 0.4em",
  },
  ".cm-specialChar": { color: "var(--danger)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--accent)",
    borderRadius: "2px",
  },
  "&.cm-focused .cm-nonmatchingBracket": {
    backgroundColor: "var(--danger-soft)",
    outline: "1px solid var(--danger)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-soft)" },
  ".cm-searchMatch": {
    backgroundColor: "var(--warning-soft)",
    outline: "1px solid var(--warning)",
  },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)" },
});

const panels = EditorView.theme({
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--ink)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "0.375rem",
    padding: "0.5rem 2.25rem 0.5rem 0.75rem",
    fontFamily: "var(--font-sans)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panel.cm-search label": {
    display: "inline-flex",
    alignItems: "center",
    gap: "0.25rem",
    fontSize: "var(--text-sm)",
    margin: "0",
  },
  ".cm-panel.cm-search [name=close]": {
    top: "0.5rem",
    right: "0.5rem",
    width: "1.5rem",
    height: "1.5rem",
    fontSize: "1.1rem",
    color: "var(--muted)",
    borderRadius: "var(--radius-sm)",
  },
  ".cm-textfield": {
    minHeight: "var(--control-sm)",
    margin: "0",
    padding: "0 0.5rem",
    fontSize: "var(--text-sm)",
    color: "var(--ink)",
    backgroundColor: "var(--sunken)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-sm)",
  },
  ".cm-button": {
    minHeight: "var(--control-sm)",
    margin: "0",
    padding: "0 0.625rem",
    fontSize: "var(--text-sm)",
    color: "var(--ink)",
    backgroundImage: "none",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-sm)",
  },
  ".cm-button:hover": { backgroundColor: "var(--hover)" },
  ".cm-button:active": { backgroundImage: "none", backgroundColor: "var(--pressed)" },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-md)",
    boxShadow: "var(--elevation-2)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--on-accent)",
    backgroundColor: "var(--accent-fill)",
  },
});

const differences = EditorView.theme({
  "&.cm-merge-b .cm-changedLine, .cm-changedLine, .cm-insertedLine": {
    backgroundColor: "var(--added)",
  },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk, .cm-deletedLine": {
    backgroundColor: "var(--removed)",
  },
  "&.cm-merge-b .cm-changedText, .cm-changedText, .cm-insertedLine .cm-changedText": {
    background: "var(--added-mark)",
    borderRadius: "2px",
  },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText, .cm-deletedText": {
    background: "var(--removed-mark)",
    borderRadius: "2px",
  },
  // On a marked ground only plain ink is sure to be readable.
  ".cm-changedText, .cm-changedText span, .cm-deletedText, .cm-deletedText span": {
    color: "var(--ink)",
  },
  ".cm-deletedChunk": { paddingLeft: "0.5rem" },
  ".cm-changeGutter": { width: "3px", paddingLeft: "1px" },
  ".cm-changedLineGutter": { background: "var(--success)" },
  ".cm-deletedLineGutter, &.cm-merge-a .cm-changedLineGutter": { background: "var(--danger)" },
  // The sign of CodeMirror's own is in few fonts.
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"⋯"' },
  ".cm-collapsedLines": {
    color: "var(--muted)",
    background: "var(--panel)",
    borderBlock: "1px solid var(--line)",
    padding: "0.125rem 0.75rem",
    fontFamily: "var(--font-sans)",
    fontSize: "var(--text-sm)",
  },
});

const conflicts = EditorView.theme({
  ".cm-conflict-choices": {
    display: "flex",
    flexWrap: "wrap",
    gap: "0.375rem",
    padding: "0.375rem 0.5rem",
    fontFamily: "var(--font-sans)",
    backgroundColor: "var(--warning-soft)",
    borderTop: "1px solid var(--warning)",
  },
  ".cm-conflict-marker": { color: "var(--muted)", backgroundColor: "var(--hover)" },
  ".cm-conflict-base, .cm-conflict-base span": { color: "var(--muted)" },
  ".cm-conflict-mine": { backgroundColor: "var(--accent-soft)" },
  ".cm-conflict-theirs": { backgroundColor: "var(--added)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--syntax-keyword)" },
  {
    tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character],
    color: "var(--syntax-string)",
  },
  {
    tag: [tags.number, tags.bool, tags.null, tags.atom, tags.self, tags.escape],
    color: "var(--syntax-number)",
  },
  {
    tag: [tags.comment, tags.lineComment, tags.blockComment, tags.docComment],
    color: "var(--syntax-comment)",
    fontStyle: "italic",
  },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.propertyName),
      tags.definition(tags.function(tags.variableName)),
      tags.macroName,
      tags.labelName,
    ],
    color: "var(--syntax-function)",
  },
  {
    tag: [tags.typeName, tags.className, tags.namespace, tags.tagName, tags.standard(tags.name)],
    color: "var(--syntax-type)",
  },
  {
    tag: [tags.propertyName, tags.attributeName, tags.definition(tags.propertyName)],
    color: "var(--syntax-property)",
  },
  { tag: [tags.meta, tags.annotation, tags.processingInstruction], color: "var(--muted)" },
  { tag: tags.heading, color: "var(--syntax-function)", fontWeight: "600" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: [tags.link, tags.url], color: "var(--accent)", textDecoration: "underline" },
  { tag: tags.invalid, color: "var(--danger)" },
  { tag: tags.inserted, color: "var(--success)" },
  { tag: tags.deleted, color: "var(--danger)" },
]);

/** The colours of program text; also for code outside the editor. */
export const highlightStyle = colours;

/** All of the editor's looks. */
export const theme: Extension = [
  surfaces,
  panels,
  differences,
  conflicts,
  syntaxHighlighting(colours),
];
