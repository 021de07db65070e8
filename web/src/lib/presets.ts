/** The formats in which models are asked, in the words of the API. */
export const WIRES = [
  { id: "openai_chat", label: "OpenAI Chat Completions, and all that is compatible" },
  { id: "openai_responses", label: "OpenAI Responses" },
  { id: "anthropic", label: "Anthropic Messages" },
  { id: "gemini", label: "Google Gemini" },
  { id: "openrouter", label: "OpenRouter" },
] as const;

export type WireId = (typeof WIRES)[number]["id"];

/** A service or program that has models. */
export interface Preset {
  id: string;
  label: string;
  baseUrl: string;
  wire: WireId;
  /** A model it is likely to have. */
  modelHint: string;
  needsKey: boolean;
  /** It runs on hardware of one's own. */
  isLocal: boolean;
}

export const PRESETS: Preset[] = [
  {
    id: "openai",
    label: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    wire: "openai_responses",
    modelHint: "gpt-5.1",
    needsKey: true,
    isLocal: false,
  },
  {
    id: "anthropic",
    label: "Anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    wire: "anthropic",
    modelHint: "claude-sonnet-4-5",
    needsKey: true,
    isLocal: false,
  },
  {
    id: "gemini",
    label: "Google Gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    wire: "gemini",
    modelHint: "gemini-2.5-flash",
    needsKey: true,
    isLocal: false,
  },
  {
    id: "openrouter",
    label: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    wire: "openrouter",
    modelHint: "qwen/qwen3-coder",
    needsKey: true,
    isLocal: false,
  },
  {
    id: "ollama",
    label: "Ollama on this machine",
    baseUrl: "http://127.0.0.1:11434/v1",
    wire: "openai_chat",
    modelHint: "qwen3-coder:30b",
    needsKey: false,
    isLocal: true,
  },
  {
    id: "lm-studio",
    label: "LM Studio on this machine",
    baseUrl: "http://127.0.0.1:1234/v1",
    wire: "openai_chat",
    modelHint: "qwen/qwen3-coder-30b",
    needsKey: false,
    isLocal: true,
  },
  {
    id: "llama-cpp",
    label: "llama.cpp on this machine",
    baseUrl: "http://127.0.0.1:8080/v1",
    wire: "openai_chat",
    modelHint: "qwen2.5-coder",
    needsKey: false,
    isLocal: true,
  },
  {
    id: "vllm",
    label: "vLLM",
    baseUrl: "http://127.0.0.1:8000/v1",
    wire: "openai_chat",
    modelHint: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
    needsKey: false,
    isLocal: true,
  },
];

/** The name of a format as people know it. */
export function wireName(wire: string): string {
  if (wire === "local") return "In this server";
  return WIRES.find(({ id }) => id === wire)?.label.split(",", 1)[0] ?? wire;
}

const SERVERS: Readonly<Record<string, string>> = {
  openai: "OpenAI",
  anthropic: "Anthropic",
  gemini: "Gemini",
  openrouter: "OpenRouter",
  mistral: "Mistral",
  deepseek: "DeepSeek",
  ollama: "Ollama",
  vllm: "vLLM",
  lm_studio: "LM Studio",
  llamacpp: "llama.cpp",
  tensorrt_llm: "TensorRT-LLM",
};

/** The name of a kind of server as people know it; nothing for one that is not told. */
export function serverName(kind: string | null | undefined): string | undefined {
  return kind ? SERVERS[kind] : undefined;
}
