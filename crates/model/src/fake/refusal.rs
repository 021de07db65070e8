//! What the providers' models refuse, by their names, in the providers' words.
//!
//! After <https://developers.openai.com/api/docs/guides/latest-model>,
//! <https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting>
//! and <https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5>.
//! Names of no provider's model take everything.

use serde_json::Value;

use super::captured::Captured;
use super::script::ErrorStep;
use crate::wire::Wire;

/// The models of Anthropic that can't be made to call a tool.
const UNFORCED: &[&str] = &["opus-5-5", "sonnet-5-5", "fable-5", "mythos-5"];
/// Those that take no budget for thinking.
const WITHOUT_BUDGET: &[&str] = &["-4-7", "-4-8", "opus-5", "sonnet-5", "haiku-5", "fable-5"];
/// Those that take no sampling settings but the default.
const UNHEATED: &[&str] = WITHOUT_BUDGET;

/// Returns why the model asked for refuses a request.
pub(super) fn refusal(request: &Captured) -> Option<ErrorStep> {
    let (body, model) = (&request.body, request.model());
    let message = match request.wire()? {
        _ if request.fills_in() => None,
        Wire::OpenAiChat => chat(body, &model),
        Wire::OpenAiResponses => responses(body, &model),
        Wire::Anthropic => anthropic(body, &model),
        Wire::OpenRouter => short(body, &model).or_else(|| forced(body, &model)),
        Wire::Gemini | Wire::Local => None,
    }?;
    Some(ErrorStep {
        status: 400,
        message,
        ..ErrorStep::default()
    })
}

/// Returns whether a model of Anthropic leaves its thinking out unless it is
/// asked to sum it up.
pub(super) fn hides_thought(request: &Captured) -> bool {
    let shown = request.body["thinking"]["display"] == "summarized";
    !shown && is_any(&request.model(), WITHOUT_BUDGET)
}

/// A model of OpenAI's that reasons: its generation, such as 5.4.
struct Reasoner {
    generation: (u32, u32),
}

impl Reasoner {
    fn of(model: &str) -> Option<Self> {
        if ["o1", "o3", "o4"]
            .iter()
            .any(|name| model.starts_with(name))
        {
            return Some(Self { generation: (4, 0) });
        }
        let rest = model.strip_prefix("gpt-")?;
        let number = rest.split('-').next()?;
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let generation = (major.parse().ok()?, minor.parse().ok()?);
        (generation >= (5, 0) && !rest.contains("chat")).then_some(Self { generation })
    }

    /// Returns the effort when nothing is said.
    fn effort<'a>(&self, said: &'a Value) -> &'a str {
        let quiet = ((5, 1)..(5, 5)).contains(&self.generation);
        said.as_str()
            .unwrap_or(if quiet { "none" } else { "medium" })
    }

    /// Returns the efforts it knows, as refusals list them.
    fn efforts(&self) -> &'static str {
        match self.generation {
            (4, _) => "'low', 'medium', and 'high'",
            (5, 0) => "'minimal', 'low', 'medium', and 'high'",
            _ => "'none', 'low', 'medium', 'high', and 'xhigh'",
        }
    }
}

fn unsupported(field: &str) -> String {
    format!("Unsupported parameter: '{field}' is not supported with this model.")
}

fn chat(body: &Value, model: &str) -> Option<String> {
    let said = &body["reasoning_effort"];
    let Some(reasoner) = Reasoner::of(model) else {
        let old = model.starts_with("gpt-4") && said.is_string();
        return old.then(|| "Unrecognized request argument supplied: reasoning_effort".to_owned());
    };
    if body["max_tokens"].is_u64() {
        let instead = "Use 'max_completion_tokens' instead.";
        return Some(format!("{} {instead}", unsupported("max_tokens")));
    }
    let (effort, known) = (reasoner.effort(said), reasoner.efforts());
    if said.is_string() && !known.contains(&format!("'{effort}'")) {
        return Some(format!(
            "Unsupported value: 'reasoning_effort' does not support '{effort}' with this model. \
             Supported values are: {known}."
        ));
    }
    if body["tools"].is_array() && effort != "none" && reasoner.generation >= (5, 4) {
        return Some(format!(
            "Function tools with reasoning_effort are not supported for {model} in \
             /v1/chat/completions. To use function tools, use /v1/responses or set \
             reasoning_effort to 'none'."
        ));
    }
    let heat = body["temperature"].as_f64();
    if effort != "none" && heat.is_some_and(|heat| (heat - 1.0).abs() > f64::EPSILON) {
        return Some(
            "Unsupported value: 'temperature' does not support this value with this model. \
             Only the default (1) value is supported."
                .to_owned(),
        );
    }
    if effort != "none" && body["top_p"].is_number() {
        return Some(unsupported("top_p"));
    }
    body["stop"].is_array().then(|| unsupported("stop"))
}

fn responses(body: &Value, model: &str) -> Option<String> {
    let said = &body["reasoning"]["effort"];
    let Some(reasoner) = Reasoner::of(model) else {
        let old = model.starts_with("gpt-4") && said.is_string();
        return old.then(|| unsupported("reasoning.effort"));
    };
    let (effort, known) = (reasoner.effort(said), reasoner.efforts());
    if said.is_string() && !known.contains(&format!("'{effort}'")) {
        return Some(format!(
            "Unsupported value: 'reasoning.effort' does not support '{effort}' with this model. \
             Supported values are: {known}."
        ));
    }
    let given = |field: &&&str| body[**field].is_number();
    let field = ["temperature", "top_p"].iter().find(given)?;
    (effort != "none").then(|| unsupported(field))
}

fn anthropic(body: &Value, model: &str) -> Option<String> {
    let kind = body["thinking"]["type"].as_str();
    if let Some(kind @ ("enabled" | "disabled")) = kind
        && is_any(model, WITHOUT_BUDGET)
    {
        return Some(format!(
            "\"thinking.type.{kind}\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        ));
    }
    let given = |field: &&&str| body[**field].is_number();
    if let Some(field) = ["temperature", "top_p"].iter().find(given)
        && is_any(model, UNHEATED)
    {
        return Some(format!("`{field}` is deprecated for this model."));
    }
    forced(body, model)
}

/// Refuses a limit that OpenAI's models don't take, which `OpenRouter` asks on
/// the wire of Responses.
fn short(body: &Value, model: &str) -> Option<String> {
    let limit = body["max_tokens"].as_u64().filter(|limit| *limit < 16)?;
    model.starts_with("openai/").then(|| {
        format!(
            "Invalid 'max_output_tokens': integer below minimum value. \
             Expected a value >= 16, but got {limit} instead."
        )
    })
}

/// Refuses a forced call, also through `OpenRouter`.
fn forced(body: &Value, model: &str) -> Option<String> {
    let choice = &body["tool_choice"];
    let kind = choice["type"].as_str().or_else(|| choice.as_str());
    let forced = matches!(kind, Some("any" | "tool" | "function" | "required"));
    (forced && is_any(&model.replace('.', "-"), UNFORCED)).then(|| {
        "tool_choice: type \"tool\" and \"any\" are not supported for this model.".to_owned()
    })
}

fn is_any(model: &str, names: &[&str]) -> bool {
    model.contains("claude") && names.iter().any(|name| model.contains(name))
}
