import { FileArchive } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { bytes } from "@/lib/format";
import { suggestName } from "@/lib/workspaceName";
import { Button } from "@/ui/Button";
import type { SourceProps } from "./AddressSources";

/** A zip from this device, picked or dropped. */
export function ZipSource({ disabled, onChoose }: SourceProps) {
  const [archive, setArchive] = useState<File | null>(null);
  const [problem, setProblem] = useState("");
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();

  const take = (file: File | undefined) => {
    if (!file) return;
    const isZip = /\.zip$/i.test(file.name);
    setProblem(isZip ? "" : `“${file.name}” is not a zip file.`);
    setArchive(isZip ? file : null);
    onChoose(isZip ? { kind: "zip", archive: file } : null, isZip ? suggestName(file.name) : "");
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!disabled) take(event.dataTransfer.files[0]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the button inside does the same
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      className={cx(
        "flex flex-col items-center gap-2 rounded-md border border-line-strong border-dashed px-4 py-6 text-center transition-colors",
        over && "border-accent bg-accent-soft",
      )}
    >
      <FileArchive aria-hidden className="size-6 stroke-[1.5] text-muted" />
      <p role="status" className={archive ? "font-medium" : "text-muted"}>
        {archive ? `${archive.name}, ${bytes(archive.size)}` : "Drop a zip file here"}
      </p>
      <label htmlFor={id} className="sr-only">
        Zip file
      </label>
      <input
        ref={input}
        id={id}
        type="file"
        accept=".zip,application/zip"
        className="sr-only"
        tabIndex={-1}
        disabled={disabled}
        onChange={(event) => take(event.target.files?.[0])}
      />
      <Button size="sm" disabled={disabled} onClick={() => input.current?.click()}>
        {archive ? "Choose another" : "Choose a file"}
      </Button>
      {problem ? (
        <p role="alert" className="text-danger text-sm">
          {problem}
        </p>
      ) : null}
    </div>
  );
}
