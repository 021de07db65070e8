import { Code, MessageSquare } from "lucide-react";
import { useState } from "react";
import { MobileTabBar } from "@/ui/MobileTabBar";
import { SplitPane } from "@/ui/SplitPane";
import { type Column, Table } from "@/ui/Table";
import { Tabs } from "@/ui/Tabs";
import { Specimen } from "./Specimen";

interface Row {
  model: string;
  tokens: string;
  cost: string;
}

const ROWS: Row[] = [
  { model: "qwen3-coder", tokens: "18,204", cost: "$0.00" },
  { model: "gpt-5.1", tokens: "4,117", cost: "$0.04" },
];
const COLUMNS: Column<Row>[] = [
  { id: "model", header: "Model", cell: (row) => row.model, footer: "Total" },
  { id: "tokens", header: "Tokens", numeric: true, cell: (row) => row.tokens, footer: "22,321" },
  { id: "cost", header: "Cost", numeric: true, cell: (row) => row.cost, footer: "$0.04" },
];

export function Structure() {
  const [tab, setTab] = useState("chat");
  const [part, setPart] = useState<"editor" | "chat">("editor");
  return (
    <>
      <Specimen name="Tabs">
        <Tabs
          label="Assistant"
          className="w-full"
          value={tab}
          onChange={setTab}
          items={[
            { id: "chat", label: "Chat", content: <p>Ask for a change.</p> },
            { id: "review", label: "Review", content: <p>Nothing waits for a decision.</p> },
          ]}
        />
      </Specimen>
      <Specimen name="Table">
        <div className="w-full">
          <Table
            caption="Usage by model"
            columns={COLUMNS}
            rows={ROWS}
            rowKey={(row) => row.model}
          />
        </div>
      </Specimen>
      <Specimen name="SplitPane">
        <div className="h-32 w-full overflow-hidden rounded-md border border-line">
          <SplitPane
            name="design"
            panes={[
              { id: "left", label: "Left", share: 30, least: 80, content: <Filler text="Drag" /> },
              {
                id: "right",
                label: "Right",
                share: 70,
                least: 80,
                content: <Filler text="or use the arrow keys" />,
              },
            ]}
          />
        </div>
      </Specimen>
      <Specimen name="MobileTabBar">
        <div className="w-full max-w-[390px] overflow-hidden rounded-md border border-line">
          <MobileTabBar
            label="Parts"
            value={part}
            onChange={setPart}
            tabs={[
              { id: "editor", label: "Editor", icon: <Code /> },
              { id: "chat", label: "Chat", icon: <MessageSquare />, mark: true },
            ]}
          />
        </div>
      </Specimen>
    </>
  );
}

function Filler({ text }: { text: string }) {
  return <p className="flex h-full items-center justify-center bg-panel text-muted">{text}</p>;
}
