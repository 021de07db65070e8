/** Services and programs that speak the OpenAI-compatible interface. */
export interface Preset {
  id: string;
  label: string;
  baseUrl: string;
  /** A model it is likely to have. */
  modelHint: string;
  needsKey: boolean;
}

export const PRESETS: Preset[] = [
  {
    id: "openai",
    label: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    modelHint: "gpt-5.1",
    needsKey: true,
  },
  {
    id: "openrouter",
    label: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    modelHint: "qwen/qwen3-coder",
    needsKey: true,
  },
  {
    id: "ollama",
    label: "Ollama on this machine",
    baseUrl: "http://127.0.0.1:11434/v1",
    modelHint: "qwen3-coder:30b",
    needsKey: false,
  },
  {
    id: "vllm",
    label: "vLLM",
    baseUrl: "http://127.0.0.1:8000/v1",
    modelHint: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
    needsKey: false,
  },
  {
    id: "lm-studio",
    label: "LM Studio",
    baseUrl: "http://127.0.0.1:1234/v1",
    modelHint: "qwen/qwen3-coder-30b",
    needsKey: false,
  },
];
