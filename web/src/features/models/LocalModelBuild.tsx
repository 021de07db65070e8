import { Hammer } from "lucide-react";
import type { LocalModel } from "@/api/schema";
import { Button } from "@/ui/Button";
import { ProgressBar } from "@/ui/ProgressBar";

type Build = LocalModel["build"];

/** How far the building of its program is, with the last line that the tools said. */
export function BuildProgress({ build }: { build: Build }) {
  return (
    <div className="flex flex-col gap-1.5">
      <ProgressBar label={`Its program: ${build.step ?? "building"}`} percent={build.percent} />
      {build.line ? (
        <p className="truncate font-mono text-muted text-xs" title={build.line}>
          {build.line}
        </p>
      ) : null}
    </div>
  );
}

/** The packages that building needs, which nobody installs unasked. */
export function PackagesNeeded({
  build,
  busy,
  go,
}: {
  build: Build;
  busy: boolean;
  /** Goes on; true when they may be installed. */
  go: (install: boolean) => void;
}) {
  return (
    <div className="flex flex-col items-start gap-3 rounded-md bg-warning-soft px-3 py-3">
      <p>
        Building its program needs {build.packages.length === 1 ? "a package" : "packages"} of this
        machine's system: <strong className="font-semibold">{build.packages.join(", ")}</strong>.{" "}
        {build.installable ? "This is what would be run:" : "Run this as an administrator:"}
      </p>
      <code className="max-w-full rounded-sm bg-canvas px-2 py-1 font-mono text-sm [overflow-wrap:anywhere]">
        {build.command}
      </code>
      <Button variant="primary" icon={<Hammer />} busy={busy} onClick={() => go(build.installable)}>
        {build.installable ? "Install and build" : "They are installed: build"}
      </Button>
    </div>
  );
}
