import { useState } from "react";
import { suggestName } from "@/lib/workspaceName";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import type { Origin } from "./useCreate";

export interface SourceProps {
  disabled: boolean;
  /** Tells what was chosen, nothing while it isn't complete, and a name for it. */
  onChoose: (origin: Origin | null, suggestedName: string) => void;
}

/** A folder on the server's disk. */
export function FolderSource({ disabled, onChoose }: SourceProps) {
  const [path, setPath] = useState("");
  const isWrong = path !== "" && !path.startsWith("/");
  return (
    <Field
      label="Folder on this server"
      hint="Its files are copied; the folder itself stays as it is."
      error={isWrong ? "Give the whole path, from / on." : undefined}
    >
      {(control) => (
        <Input
          {...control}
          value={path}
          disabled={disabled}
          placeholder="/home/ana/projects/shop"
          className="font-mono"
          autoComplete="off"
          spellCheck={false}
          onChange={({ target: { value } }) => {
            setPath(value);
            const source = { type: "folder", path: value } as const;
            onChoose(value.startsWith("/") ? { kind: "source", source } : null, suggestName(value));
          }}
        />
      )}
    </Field>
  );
}

/** A git repository. */
export function GitSource({ disabled, onChoose }: SourceProps) {
  const [url, setUrl] = useState("");
  const isWrong = url !== "" && !"https://".startsWith(url) && !url.startsWith("https://");
  return (
    <Field
      label="Repository"
      hint="A public repository, cloned with its history."
      error={isWrong ? "Give an address that starts with https://." : undefined}
    >
      {(control) => (
        <Input
          {...control}
          type="url"
          value={url}
          disabled={disabled}
          placeholder="https://example.org/ana/shop.git"
          className="font-mono"
          autoComplete="off"
          spellCheck={false}
          onChange={({ target: { value } }) => {
            setUrl(value);
            const complete = /^https:\/\/[^/\s]+\/\S/.test(value);
            const source = { type: "git", url: value } as const;
            onChoose(
              complete ? { kind: "source", source } : null,
              complete ? suggestName(value) : "",
            );
          }}
        />
      )}
    </Field>
  );
}
