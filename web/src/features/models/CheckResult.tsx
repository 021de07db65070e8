import { CircleCheck, CircleX } from "lucide-react";
import type { ProviderCheck } from "@/api/schema";
import { duration, plural, sentence } from "@/lib/format";
import { serverName } from "@/lib/presets";
import { ErrorState } from "@/ui/ErrorState";

/** What a test found, and how long it took in milliseconds. */
export interface TimedCheck {
  readonly result: ProviderCheck;
  readonly ms: number;
}

/** What a test of a provider found. */
export function CheckResult({
  check,
}: {
  check: { isPending: boolean; data: TimedCheck | undefined; error: unknown };
}) {
  if (check.error) return <ErrorState error={check.error} />;
  if (check.isPending) {
    return (
      <p role="status" className="text-muted">
        Asking the provider…
      </p>
    );
  }
  if (!check.data) return null;
  const { ok, detail, hint, models, kind } = check.data.result;
  const server = serverName(kind);
  const Icon = ok ? CircleCheck : CircleX;
  return (
    <div
      role="status"
      className={`flex gap-2.5 rounded-md px-3 py-2.5 ${ok ? "bg-success-soft" : "bg-danger-soft"}`}
    >
      <Icon
        aria-hidden
        className={`mt-px size-4 shrink-0 ${ok ? "text-success" : "text-danger"}`}
      />
      <div className="flex min-w-0 flex-col gap-1">
        <p className="break-words font-medium">
          {/* It may begin with a model's name, which has no capital. */}
          {detail.replace(/\.$/, "")}.
        </p>
        <p className="text-muted text-sm">
          {[server ? `Server: ${server}` : undefined, `Tested in ${duration(check.data.ms)}`]
            .filter(Boolean)
            .join(". ")}
        </p>
        {hint ? <p className="break-words text-muted">{sentence(hint)}</p> : null}
        {models.length > 0 ? (
          <details className="text-sm">
            <summary className="cursor-pointer text-muted">
              It offers {plural(models.length, "model")}
            </summary>
            <ul className="mt-1 max-h-40 overflow-y-auto font-mono">
              {models.map((model) => (
                <li key={model} className="break-all">
                  {model}
                </li>
              ))}
            </ul>
          </details>
        ) : null}
      </div>
    </div>
  );
}
