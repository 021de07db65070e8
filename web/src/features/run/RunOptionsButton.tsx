import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { useStore } from "zustand";
import { draftsQuery } from "@/api/queries/drafts";
import { systemQuery } from "@/api/queries/system";
import { ago, duration } from "@/lib/format";
import { LIMITS, mostFor, parseLimits, shownLimit } from "@/lib/limitsForm";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { TextArea } from "@/ui/Input";
import { Popover } from "@/ui/Popover";
import { Select } from "@/ui/Select";
import { UnitInput } from "@/ui/UnitInput";
import { countOptions, NO_OPTIONS, type RunOptions, runOptions } from "./runOptions";

/** Opens what can be chosen for the next runs. */
export function RunOptionsButton({ workspaceId }: { workspaceId: string }) {
  const chosen = countOptions(useStore(runOptions(workspaceId)));
  return (
    <Popover
      label="Options of runs"
      trigger={
        <IconButton
          size="sm"
          label={chosen === 0 ? "Options" : `Options: ${chosen} set`}
          icon={<SlidersHorizontal />}
          aria-pressed={chosen > 0}
        />
      }
    >
      <Options workspaceId={workspaceId} />
    </Popover>
  );
}

function Options({ workspaceId }: { workspaceId: string }) {
  const store = runOptions(workspaceId);
  const options = useStore(store);
  const set = (change: Partial<RunOptions>) => store.setState(change);
  const longest = useQuery(systemQuery).data?.longestTimeoutMs;
  return (
    <div className="flex flex-col gap-4 p-3.5">
      <Field label="Input" optional hint="What the program reads on standard input.">
        {(control) => (
          <TextArea
            {...control}
            rows={3}
            value={options.stdin}
            spellCheck={false}
            onChange={(event) => set({ stdin: event.target.value })}
            className="font-mono text-sm"
          />
        )}
      </Field>
      <Place workspaceId={workspaceId} place={options.place} onChange={(place) => set({ place })} />
      <div>
        <Checkbox
          label="Run as a server"
          checked={options.isServer}
          onChange={(event) => set({ isServer: event.target.checked })}
        />
        <p className="text-muted text-sm">
          It may go on{longest ? ` for ${duration(longest)}` : ""} instead of ending at the usual
          time.
        </p>
      </div>
      <RunLimitFields options={options} onChange={set} />
      <Button
        size="sm"
        className="self-end"
        disabled={countOptions(options) === 0}
        onClick={() => set(NO_OPTIONS)}
      >
        Reset
      </Button>
    </div>
  );
}

function Place({
  workspaceId,
  place,
  onChange,
}: {
  workspaceId: string;
  place: RunOptions["place"];
  onChange: (place: RunOptions["place"]) => void;
}) {
  const drafts = useQuery(draftsQuery(workspaceId));
  const open = drafts.data?.items.filter(({ state }) => state === "open") ?? [];
  return (
    <Field label="Where" hint="A draft keeps what it changes apart from your files.">
      {(control) => (
        <Select
          {...control}
          value={typeof place === "string" ? place : place.draftId}
          onChange={({ target: { value } }) =>
            onChange(value === "workspace" || value === "new" ? value : { draftId: value })
          }
        >
          <option value="workspace">In the workspace</option>
          <option value="new">In a new draft</option>
          {open.map(({ id, createdAt }) => (
            <option key={id} value={id}>
              In the draft of {ago(createdAt)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function RunLimitFields({
  options,
  onChange,
}: {
  options: RunOptions;
  onChange: (change: Partial<RunOptions>) => void;
}) {
  const { data: system } = useQuery(systemQuery);
  const read = parseLimits(options.limits, system ? mostFor(system) : {});
  const problems = "problems" in read ? read.problems : {};
  return (
    <fieldset className="grid grid-cols-2 gap-3">
      <legend className="mb-1.5 font-medium">Limits</legend>
      {LIMITS.filter(({ key }) => key !== "diskBytes").map((limit) => (
        <Field key={limit.key} label={limit.label} error={problems[limit.key]}>
          {(control) => (
            <UnitInput
              {...control}
              unit={limit.unit}
              disabled={limit.key === "timeoutMs" && options.isServer}
              placeholder={shownLimit(limit, system?.limits?.[limit.key])}
              value={options.limits[limit.key] ?? ""}
              onChange={(event) =>
                onChange({ limits: { ...options.limits, [limit.key]: event.target.value } })
              }
            />
          )}
        </Field>
      ))}
    </fieldset>
  );
}
