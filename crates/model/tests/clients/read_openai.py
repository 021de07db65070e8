"""Asks a server with OpenAI's own client, and prints what it read.

usage: read_openai.py BASE_URL KEY FOLDER < cases.json

Each case is {"name", "api": "chat" | "responses", "stream": bool, "prompt",
"tools"?}. What is printed is a JSON list of what was read, case by case.
"""

import json
import sys

import openai
from openai import OpenAI

ERRORS = [
    (openai.RateLimitError, "rate_limited"),
    (openai.AuthenticationError, "key_refused"),
    (openai.InternalServerError, "overloaded"),
    (openai.BadRequestError, "bad_request"),
    (openai.APIConnectionError, "cut"),
    (openai.APIError, "failed"),
]


def seen():
    return {"text": "", "reasoning": "", "calls": [], "finish": None, "usage": None}


def chat_usage(usage):
    if usage is None:
        return None
    prompt = usage.prompt_tokens_details
    completion = usage.completion_tokens_details
    return {
        "input": usage.prompt_tokens,
        "cached": (prompt and prompt.cached_tokens) or 0,
        "output": usage.completion_tokens,
        "reasoning": (completion and completion.reasoning_tokens) or 0,
    }


def chat_finish(reason, refused):
    return "refusal" if refused and reason == "stop" else reason


def chat(client, case, out):
    asked = {
        "model": "fake-model",
        "messages": [{"role": "user", "content": case["prompt"]}],
    }
    if case.get("tools"):
        asked["tools"] = [{"type": "function", "function": t} for t in case["tools"]]
    refused = False
    if not case["stream"]:
        answer = client.chat.completions.create(**asked)
        message = answer.choices[0].message
        refused = bool(message.refusal)
        out["text"] = (message.content or "") + (message.refusal or "")
        out["reasoning"] = getattr(message, "reasoning_content", None) or ""
        for call in message.tool_calls or []:
            out["calls"].append([call.id, call.function.name, call.function.arguments])
        out["finish"] = chat_finish(answer.choices[0].finish_reason, refused)
        out["usage"] = chat_usage(answer.usage)
        return
    options = {"include_usage": True}
    stream = client.chat.completions.create(**asked, stream=True, stream_options=options)
    for chunk in stream:
        out["usage"] = chat_usage(chunk.usage) or out["usage"]
        for choice in chunk.choices:
            delta = choice.delta
            refused = refused or bool(delta.refusal)
            out["text"] += (delta.content or "") + (delta.refusal or "")
            out["reasoning"] += getattr(delta, "reasoning_content", None) or ""
            for part in delta.tool_calls or []:
                if part.index == len(out["calls"]):
                    out["calls"].append([part.id, part.function.name, ""])
                out["calls"][part.index][2] += part.function.arguments or ""
            if choice.finish_reason:
                out["finish"] = chat_finish(choice.finish_reason, refused)


def take_response(response, out):
    """Takes a whole response."""
    usage = response.usage
    if usage is not None:
        out["usage"] = {
            "input": usage.input_tokens,
            "cached": usage.input_tokens_details.cached_tokens,
            "output": usage.output_tokens,
            "reasoning": usage.output_tokens_details.reasoning_tokens,
        }
    refused = False
    for item in response.output:
        if item.type == "message":
            for part in item.content:
                refused = refused or part.type == "refusal"
        if item.type == "function_call":
            out["calls"].append([item.call_id, item.name, item.arguments])
    if response.status == "incomplete":
        reason = response.incomplete_details.reason
        out["finish"] = "length" if reason == "max_output_tokens" else reason
    elif refused:
        out["finish"] = "refusal"
    else:
        out["finish"] = "tool_calls" if out["calls"] else "stop"


def responses(client, case, out):
    asked = {"model": "fake-model", "input": case["prompt"], "store": False}
    if case.get("tools"):
        asked["tools"] = [{"type": "function", "strict": False, **t} for t in case["tools"]]
    if not case["stream"]:
        response = client.responses.create(**asked)
        take_response(response, out)
        for item in response.output:
            if item.type == "message":
                for part in item.content:
                    out["text"] += part.text if part.type == "output_text" else part.refusal
            if item.type == "reasoning":
                out["reasoning"] += "".join(part.text for part in item.summary)
        return
    for event in client.responses.create(**asked, stream=True):
        if event.type in ("response.output_text.delta", "response.refusal.delta"):
            out["text"] += event.delta
        elif event.type == "response.reasoning_summary_text.delta":
            out["reasoning"] += event.delta
        elif event.type in ("response.completed", "response.incomplete"):
            take_response(event.response, out)
        elif event.type == "error":
            out["error"] = "failed"


def run(client, case):
    out = seen()
    try:
        {"chat": chat, "responses": responses}[case["api"]](client, case, out)
    except Exception as error:
        kinds = (word for kind, word in ERRORS if isinstance(error, kind))
        out["error"] = next(kinds, repr(error))
    return out


def main():
    base_url, key = sys.argv[1:3]
    client = OpenAI(base_url=base_url, api_key=key, max_retries=0)
    print(json.dumps([run(client, case) for case in json.load(sys.stdin)]))


main()
