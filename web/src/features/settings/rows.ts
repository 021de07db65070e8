/** The looks of a list in the settings. */
export const LIST = "rounded-md border border-line bg-panel";
export const ROW =
  "flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-1.5 pr-1.5 pl-3 last:border-0";
