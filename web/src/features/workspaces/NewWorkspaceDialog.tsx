import { type FormEvent, useId, useState } from "react";
import type { Workspace } from "@/api/schema";
import { LONGEST_NAME } from "@/lib/workspaceName";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { ProgressBar } from "@/ui/ProgressBar";
import { type TabItem, Tabs } from "@/ui/Tabs";
import { FolderSource, GitSource, type SourceProps } from "./AddressSources";
import { TemplateSource } from "./TemplateSource";
import { type Origin, useCreate } from "./useCreate";
import { ZipSource } from "./ZipSource";

const EMPTY: Origin = { kind: "source", source: { type: "empty" } };

/** Asks what a new workspace starts with, and makes it. */
export function NewWorkspaceDialog({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (workspace: Workspace) => void;
}) {
  const [tab, setTab] = useState("empty");
  // What is chosen on each tab; the suggested name goes with it.
  const [chosen, setChosen] = useState<Record<string, { origin: Origin | null; name: string }>>({});
  const [ownName, setOwnName] = useState<string | null>(null);
  const form = useId();
  const create = useCreate(onCreated);

  const current = chosen[tab];
  const origin = tab === "empty" ? EMPTY : (current?.origin ?? null);
  const name = ownName ?? current?.name ?? "";
  const ready = origin !== null && name.trim() !== "" && !create.isPending;

  const propsFor = (id: string): SourceProps => ({
    disabled: create.isPending,
    onChoose: (next, suggested) => {
      create.reset();
      setChosen((before) => ({ ...before, [id]: { origin: next, name: suggested } }));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) create.start({ name: name.trim(), origin });
  };

  const tabs: TabItem[] = [
    {
      id: "empty",
      label: "Empty",
      content: <p className="text-muted">A workspace without files.</p>,
    },
    { id: "template", label: "Template", content: <TemplateSource {...propsFor("template")} /> },
    { id: "folder", label: "Folder", content: <FolderSource {...propsFor("folder")} /> },
    { id: "zip", label: "Zip", content: <ZipSource {...propsFor("zip")} /> },
    { id: "git", label: "Git", content: <GitSource {...propsFor("git")} /> },
  ];
  return (
    <Dialog
      open
      onOpenChange={onClose}
      locked={create.isPending}
      title="New workspace"
      footer={
        <>
          {create.isPending ? (
            <Button onClick={create.cancel}>Stop</Button>
          ) : (
            <Button onClick={onClose}>Cancel</Button>
          )}
          <Button
            variant="primary"
            type="submit"
            form={form}
            busy={create.isPending}
            disabled={!ready}
          >
            Create workspace
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        <Tabs
          label="What it starts with"
          items={tabs}
          value={tab}
          onChange={(id) => {
            if (create.isPending) return;
            create.reset();
            setTab(id);
          }}
        />
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              value={name}
              maxLength={LONGEST_NAME}
              autoComplete="off"
              disabled={create.isPending}
              onChange={(event) => setOwnName(event.target.value)}
            />
          )}
        </Field>
        {create.progress ? (
          <ProgressBar label={create.progress.phase} percent={create.progress.percent} />
        ) : null}
        {create.error ? <ErrorState error={create.error} /> : null}
      </form>
    </Dialog>
  );
}
