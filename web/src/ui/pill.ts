/** The look of a link that is one of a few views of the same page. */
export const PILL =
  "inline-flex min-h-control-sm items-center rounded-full px-3 text-muted transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent";
