import { RotateCw, TriangleAlert } from "lucide-react";
import { cx } from "@/lib/cx";
import { troubleOf } from "@/lib/trouble";
import { Button } from "./Button";

/** Says what failed, what to do about it, and how to find it in the log. */
export function ErrorState({
  error,
  retry,
  className,
}: {
  error: unknown;
  /** Tries again. Left out where trying again can't help. */
  retry?: (() => void) | undefined;
  className?: string;
}) {
  const { title, detail, hint, requestId } = troubleOf(error);
  return (
    <div
      role="alert"
      className={cx(
        "flex gap-3 rounded-md border border-danger/40 bg-danger-soft px-3.5 py-3",
        className,
      )}
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="flex min-w-0 flex-col gap-1">
        <p className="font-medium text-danger">{title}</p>
        {detail ? <p className="break-words">{detail}</p> : null}
        {hint ? <p className="break-words text-muted">{hint}</p> : null}
        {retry ? (
          <Button size="sm" icon={<RotateCw />} onClick={retry} className="mt-1.5 self-start">
            Try again
          </Button>
        ) : null}
        {requestId ? (
          <p className="mt-0.5 break-all text-muted text-sm">
            Request <code className="font-mono">{requestId}</code>
          </p>
        ) : null}
      </div>
    </div>
  );
}
