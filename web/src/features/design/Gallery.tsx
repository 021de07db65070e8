import type { ReactNode } from "react";
import { Actions } from "./Actions";
import { Colours } from "./Colours";
import { Controls } from "./Controls";
import { Overlays } from "./Overlays";
import { States } from "./States";
import { Structure } from "./Structure";
import { Typography } from "./Typography";

const SECTIONS: { id: string; title: string; content: ReactNode }[] = [
  { id: "colour", title: "Colour", content: <Colours /> },
  { id: "type", title: "Type", content: <Typography /> },
  { id: "actions", title: "Actions", content: <Actions /> },
  { id: "controls", title: "Controls", content: <Controls /> },
  { id: "states", title: "States", content: <States /> },
  { id: "structure", title: "Structure", content: <Structure /> },
  { id: "overlays", title: "Overlays", content: <Overlays /> },
];

/** Every component in every state, for whoever builds with them. */
export function Gallery() {
  return (
    <>
      {SECTIONS.map(({ id, title, content }) => (
        <section key={id} aria-labelledby={`design-${id}`} className="flex flex-col gap-3">
          <h2 id={`design-${id}`} className="font-semibold text-lg tracking-[-0.01em]">
            {title}
          </h2>
          {content}
        </section>
      ))}
    </>
  );
}
