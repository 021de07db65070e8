/** How far something is. Without a percentage it only shows that work goes on. */
export function ProgressBar({
  label,
  percent,
}: {
  /** What is under way; shown above the bar. */
  label: string;
  percent?: number | null | undefined;
}) {
  const known = typeof percent === "number";
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex justify-between gap-3 text-muted text-sm">
        <span role="status">{label}</span>
        {known ? <span className="tabular-nums">{Math.round(percent)}%</span> : null}
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(known ? { "aria-valuenow": Math.round(percent) } : {})}
        className="h-1.5 overflow-hidden rounded-full bg-pressed"
      >
        <div
          className={
            known
              ? "h-full rounded-full bg-accent-fill transition-[width] duration-(--motion-base)"
              : "h-full w-2/5 animate-[slide_1.4s_ease-in-out_infinite] rounded-full bg-accent-fill"
          }
          style={known ? { width: `${percent}%` } : undefined}
        />
      </div>
    </div>
  );
}
