// Asks a server with OpenAI's own client for JavaScript, and prints what it
// read. Usage, cases and answers are those of read_openai.py.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// The packages are installed elsewhere, where the third argument says.
const [baseURL, apiKey, folder] = process.argv.slice(2);
const resolve = createRequire(`${folder}/package.json`).resolve;
const { default: OpenAI } = await import(pathToFileURL(resolve('openai')).href);

const ERRORS = [
  [OpenAI.RateLimitError, 'rate_limited'],
  [OpenAI.AuthenticationError, 'key_refused'],
  [OpenAI.InternalServerError, 'overloaded'],
  [OpenAI.BadRequestError, 'bad_request'],
  [OpenAI.APIConnectionError, 'cut'],
  [OpenAI.APIError, 'failed'],
];

function chatUsage(usage) {
  return (
    usage && {
      input: usage.prompt_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
      output: usage.completion_tokens,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    }
  );
}

async function chat(client, one, out) {
  const asked = { model: 'fake-model', messages: [{ role: 'user', content: one.prompt }] };
  if (one.tools) asked.tools = one.tools.map((t) => ({ type: 'function', function: t }));
  let refused = false;
  const finish = (reason) => (refused && reason === 'stop' ? 'refusal' : reason);
  if (!one.stream) {
    const answer = await client.chat.completions.create(asked);
    const { message, finish_reason } = answer.choices[0];
    refused = Boolean(message.refusal);
    out.text = (message.content ?? '') + (message.refusal ?? '');
    out.reasoning = message.reasoning_content ?? '';
    out.calls = (message.tool_calls ?? []).map((c) => [
      c.id,
      c.function.name,
      c.function.arguments,
    ]);
    out.finish = finish(finish_reason);
    out.usage = chatUsage(answer.usage) ?? null;
    return;
  }
  const options = { stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await client.chat.completions.create({ ...asked, ...options })) {
    out.usage = chatUsage(chunk.usage) ?? out.usage;
    for (const { delta, finish_reason } of chunk.choices) {
      refused ||= Boolean(delta.refusal);
      out.text += (delta.content ?? '') + (delta.refusal ?? '');
      out.reasoning += delta.reasoning_content ?? '';
      for (const part of delta.tool_calls ?? []) {
        if (part.index === out.calls.length) out.calls.push([part.id, part.function.name, '']);
        out.calls[part.index][2] += part.function.arguments ?? '';
      }
      if (finish_reason) out.finish = finish(finish_reason);
    }
  }
}

function takeResponse(response, out) {
  const { usage, output, status } = response;
  if (usage) {
    out.usage = {
      input: usage.input_tokens,
      cached: usage.input_tokens_details.cached_tokens,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    };
  }
  const calls = output.filter((item) => item.type === 'function_call');
  out.calls = calls.map((item) => [item.call_id, item.name, item.arguments]);
  const parts = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const done = parts.some((part) => part.type === 'refusal') ? 'refusal' : 'stop';
  out.finish = calls.length > 0 && done === 'stop' ? 'tool_calls' : done;
  if (status === 'incomplete') {
    const { reason } = response.incomplete_details;
    out.finish = reason === 'max_output_tokens' ? 'length' : reason;
  }
}

async function responses(client, one, out) {
  const asked = { model: 'fake-model', input: one.prompt, store: false };
  if (one.tools) asked.tools = one.tools.map((t) => ({ type: 'function', strict: false, ...t }));
  if (!one.stream) {
    const response = await client.responses.create(asked);
    takeResponse(response, out);
    for (const item of response.output) {
      for (const part of item.type === 'message' ? item.content : []) {
        out.text += part.text ?? part.refusal;
      }
      for (const part of item.type === 'reasoning' ? item.summary : []) {
        out.reasoning += part.text;
      }
    }
    return;
  }
  for await (const event of await client.responses.create({ ...asked, stream: true })) {
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        out.text += event.delta;
        break;
      case 'response.reasoning_summary_text.delta':
        out.reasoning += event.delta;
        break;
      case 'response.completed':
      case 'response.incomplete':
        takeResponse(event.response, out);
        break;
      case 'error':
        out.error = 'failed';
        break;
      default:
    }
  }
}

async function run(client, one) {
  const out = { text: '', reasoning: '', calls: [], finish: null, usage: null };
  try {
    await { chat, responses }[one.api](client, one, out);
  } catch (error) {
    const kind = ERRORS.find(([type]) => error instanceof type);
    // In mid-stream it lets the transport's own error through.
    const cut = error instanceof TypeError && error.message === 'terminated';
    out.error = kind?.[1] ?? (cut ? 'cut' : String(error));
  }
  return out;
}

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const seen = [];
for (const one of JSON.parse(readFileSync(0, 'utf8'))) seen.push(await run(client, one));
console.log(JSON.stringify(seen));
