import type { ReactNode } from "react";
import { Card } from "./Card";
import { EmptyState } from "./EmptyState";
import { ErrorState } from "./ErrorState";
import { Skeleton } from "./Skeleton";

/** What is to be known of what is being fetched. */
export interface Fetching {
  readonly isPending: boolean;
  readonly isError: boolean;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/**
 * A list that one can add to, in each of its states: on its way, failed,
 * empty, or there with the way to add below it.
 */
export function ListFrame({
  query,
  isEmpty,
  icon,
  title,
  empty,
  add,
  children,
}: {
  query: Fetching;
  isEmpty: boolean;
  /** With the title and words, what stands there while the list is empty. */
  icon: ReactNode;
  title: string;
  empty: ReactNode;
  add: ReactNode;
  /** The list; shown when there is something in it. */
  children: ReactNode;
}) {
  if (query.isPending) {
    return (
      <Card className="p-5">
        <Skeleton lines={3} />
      </Card>
    );
  }
  return (
    <>
      {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : null}
      {isEmpty && !query.isError ? (
        <Card>
          <EmptyState icon={icon} title={title} action={add}>
            {empty}
          </EmptyState>
        </Card>
      ) : null}
      {isEmpty ? null : (
        <>
          {children}
          <div>{add}</div>
        </>
      )}
    </>
  );
}
