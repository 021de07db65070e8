import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

export interface Column<Row> {
  id: string;
  header: string;
  /** Numbers stand to the right, digit under digit. */
  numeric?: boolean;
  cell: (row: Row) => ReactNode;
  /** What stands in the last line, below all rows. */
  footer?: ReactNode;
}

/** A table of figures. It scrolls sideways by itself where it is too wide. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  /** What the table shows; read aloud. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
}) {
  const hasFooter = columns.some((column) => column.footer !== undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section aria-label={caption} tabIndex={0} className="overflow-x-auto rounded-[inherit]">
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-line border-b text-muted text-sm">
            {columns.map((column) => (
              <th key={column.id} scope="col" className={cellClass(column, "font-medium")}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-line border-b last:border-0 hover:bg-hover">
              {columns.map((column) => (
                <td key={column.id} className={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {hasFooter ? (
          <tfoot>
            <tr className="border-line-strong border-t font-semibold">
              {columns.map((column) => (
                <td key={column.id} className={cellClass(column)}>
                  {column.footer}
                </td>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
    </section>
  );
}

function cellClass<Row>(column: Column<Row>, extra?: string): string {
  return cx(
    "px-2.5 py-2 align-top first:pl-3.5 last:pr-3.5",
    column.numeric && "whitespace-nowrap text-right tabular-nums",
    extra,
  );
}
