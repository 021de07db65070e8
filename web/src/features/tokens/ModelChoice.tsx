import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { modelsQuery } from "@/api/queries/models";
import { AUTO, choiceProblem, servedNames } from "@/lib/tokenWords";
import { Checkbox } from "@/ui/Checkbox";
import { Choice } from "@/ui/Choice";
import { ErrorState } from "@/ui/ErrorState";
import { Input } from "@/ui/Input";
import { Scrollable } from "@/ui/Scrollable";
import { Skeleton } from "@/ui/Skeleton";

/** From how many models on they can be searched. */
const MANY = 8;
/** How many are shown at once: some providers have hundreds. */
const SHOWN = 50;

/** Which models a token may ask: `undefined` for all of them. */
export function ModelChoice({
  chosen,
  problem,
  onChange,
}: {
  chosen: readonly string[] | undefined;
  problem: string | undefined;
  onChange: (chosen: readonly string[] | undefined) => void;
}) {
  return (
    <>
      <Choice
        label="Models it may ask"
        value={chosen ? "some" : "all"}
        items={[
          { id: "all", label: "All of them" },
          { id: "some", label: "Only those I choose" },
        ]}
        // What was wrong when it was sent goes as soon as it is right.
        error={chosen && problem && choiceProblem(chosen)}
        onChange={(id) => onChange(id === "some" ? [] : undefined)}
      />
      {chosen ? <Names chosen={chosen} onChange={onChange} /> : null}
    </>
  );
}

function Names({
  chosen,
  onChange,
}: {
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  const models = useQuery(modelsQuery);
  const [wanted, setWanted] = useState("");
  const note = useId();
  if (models.isError) {
    return <ErrorState error={models.error} retry={() => void models.refetch()} />;
  }
  if (!models.data) return <Skeleton lines={3} />;
  const all = servedNames(models.data.items);
  const found = all.filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <fieldset aria-describedby={note} className="flex flex-col gap-2">
      <legend className="sr-only">Models</legend>
      {all.length > MANY ? (
        <Input
          type="search"
          aria-label="Find a model"
          placeholder={`Find among ${all.length} models`}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      ) : null}
      {found.length > 0 ? (
        <Scrollable
          label="Models to choose from"
          className="flex max-h-48 flex-col overflow-y-auto rounded-md border border-line px-3 py-1"
        >
          {found.slice(0, SHOWN).map((name) => (
            <Checkbox
              key={name}
              label={
                <span>
                  <code className="break-all font-mono text-sm">{name}</code>
                  {name === AUTO ? (
                    <span className="text-muted text-sm"> (what your defaults choose)</span>
                  ) : null}
                </span>
              }
              checked={chosen.includes(name)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name),
                )
              }
            />
          ))}
        </Scrollable>
      ) : null}
      <p id={note} className="text-muted text-sm">
        {noteOf(all.length, found.length, chosen.length)}
      </p>
    </fieldset>
  );
}

function noteOf(all: number, found: number, chosen: number): string {
  if (all === 0) return "There is no model yet. Add a provider first.";
  if (found === 0) return "No model has that in its name.";
  const more = found > SHOWN ? ` ${found - SHOWN} more: write a part of the name.` : "";
  return `${chosen} chosen, by their names under /v1/models.${more}`;
}
