/** The look of a button in the line at the foot of the page. */
export const STATUS_ITEM =
  "inline-flex h-6 shrink-0 items-center gap-1.5 rounded-sm px-1.5 text-muted transition-colors hover:bg-hover hover:text-ink focus-visible:-outline-offset-2 pointer-coarse:h-9 [&_svg]:size-3.5";
