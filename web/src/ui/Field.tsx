import { type ReactNode, useId } from "react";

/** What a control needs to belong to its label, hint and error. */
export interface FieldControl {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

/** A labelled control. The child gets the attributes that tie it to its label. */
export function Field({
  label,
  hint,
  error,
  optional = false,
  children,
}: {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value; takes the hint's place. */
  error?: string | undefined;
  optional?: boolean;
  children: (control: FieldControl) => ReactNode;
}) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium text-ink">
        {label}
        {optional ? <span className="ml-1.5 font-normal text-muted text-sm">optional</span> : null}
      </label>
      {children({
        id,
        ...(note ? { "aria-describedby": `${id}-note` } : {}),
        ...(error ? { "aria-invalid": true as const } : {}),
      })}
      {note ? (
        <p
          id={`${id}-note`}
          {...(error ? { role: "alert" } : {})}
          className={error ? "text-danger text-sm" : "text-muted text-sm"}
        >
          {note}
        </p>
      ) : null}
    </div>
  );
}
