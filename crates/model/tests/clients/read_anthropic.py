"""Asks a server with Anthropic's own client, and prints what it read.

usage: read_anthropic.py BASE_URL KEY FOLDER < cases.json

The cases are those of read_openai.py, of the api "messages".
"""

import json
import sys

import anthropic
import httpx2
from anthropic import Anthropic

ERRORS = [
    (anthropic.RateLimitError, "rate_limited"),
    (anthropic.AuthenticationError, "key_refused"),
    (anthropic.InternalServerError, "overloaded"),
    (anthropic.BadRequestError, "bad_request"),
    (anthropic.APIConnectionError, "cut"),
    # In mid-stream it lets the transport's own error through.
    (httpx2.TransportError, "cut"),
    (anthropic.APIError, "failed"),
]
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}


def take(message, out):
    """Takes a whole message."""
    for block in message.content:
        if block.type == "text":
            out["text"] += block.text
        elif block.type == "thinking":
            out["reasoning"] += block.thinking
        elif block.type == "tool_use":
            out["calls"].append([block.id, block.name, block.input])
    out["finish"] = FINISH.get(message.stop_reason, message.stop_reason)
    usage = message.usage
    cached = usage.cache_read_input_tokens or 0
    written = usage.cache_creation_input_tokens or 0
    out["usage"] = {
        "input": usage.input_tokens + cached + written,
        "cached": cached,
        "output": usage.output_tokens,
    }


def run(client, case):
    out = {"text": "", "reasoning": "", "calls": [], "finish": None, "usage": None}
    asked = {
        "model": "fake-model",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": case["prompt"]}],
    }
    if case.get("tools"):
        asked["tools"] = [
            {
                "name": tool["name"],
                "description": tool["description"],
                "input_schema": tool["parameters"],
            }
            for tool in case["tools"]
        ]
    try:
        if case["stream"]:
            with client.messages.stream(**asked) as stream:
                for event in stream:
                    if event.type == "text":
                        out["heard"] = out.get("heard", "") + event.text
                take(stream.get_final_message(), out)
        else:
            take(client.messages.create(**asked), out)
    except Exception as error:
        kinds = (word for kind, word in ERRORS if isinstance(error, kind))
        out["error"] = next(kinds, repr(error))
        out["text"] = out.get("heard", "")
    out.pop("heard", None)
    return out


def main():
    base_url, key = sys.argv[1:3]
    client = Anthropic(base_url=base_url, api_key=key, max_retries=0)
    print(json.dumps([run(client, case) for case in json.load(sys.stdin)]))


main()
