import { useState } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { CopyCode } from "@/ui/CopyCode";
import { Field } from "@/ui/Field";
import { Input, TextArea } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import { UnitInput } from "@/ui/UnitInput";
import { Specimen } from "./Specimen";

export function Controls() {
  const [on, setOn] = useState(true);
  return (
    <>
      <Specimen name="Field, Input, UnitInput, TextArea, Select">
        <div className="grid w-full gap-4 sm:grid-cols-2">
          <Field label="Name" hint="What you call it in Atelier.">
            {(control) => <Input {...control} defaultValue="Shop" />}
          </Field>
          <Field label="Base URL" error="Give an address that starts with https://.">
            {(control) => <Input {...control} defaultValue="ftp://example.org" />}
          </Field>
          <Field label="Key" optional>
            {(control) => <Input {...control} disabled placeholder="From the environment" />}
          </Field>
          <Field label="Service">
            {(control) => (
              <Select {...control} defaultValue="ollama">
                <option value="ollama">Ollama on this machine</option>
                <option value="other">Another service</option>
              </Select>
            )}
          </Field>
          <Field label="Memory" hint="At most 2048 MiB on this server.">
            {(control) => <UnitInput {...control} unit="MiB" defaultValue="512" />}
          </Field>
          <Field label="Message">
            {(control) => <TextArea {...control} placeholder="Ask for a change" rows={3} />}
          </Field>
        </div>
      </Specimen>
      <Specimen name="CopyCode">
        <CopyCode
          text="sudo sysctl -w kernel.unprivileged_userns_clone=1"
          label="Copy the command"
          className="w-full"
        />
      </Specimen>
      <Specimen name="Checkbox, Switch">
        <Checkbox label="Unchecked" />
        <Checkbox label="Checked" defaultChecked />
        <Checkbox label="Some of them" indeterminate />
        <Checkbox label="Disabled" disabled />
        <Switch label="Wrap lines" checked={on} onChange={() => setOn(!on)} />
        <Switch label="Off" />
        <Switch label="Disabled" disabled />
      </Specimen>
    </>
  );
}
