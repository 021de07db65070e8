//! Which token comes next.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use crate::protocol::Ask;

/// How many of the likeliest tokens are chosen from.
const LIKELIEST: i32 = 40;
/// A token this much less likely than the likeliest is never chosen.
const LEAST: f32 = 0.05;
/// The deepest a schema may nest; its grammar is made recursively.
const DEPTH: usize = 32;

/// Chooses the tokens of one answer.
pub(crate) struct Chooser {
    sampler: LlamaSampler,
    grammar: Option<LlamaSampler>,
}

impl Chooser {
    /// Makes what chooses as `ask` wants it.
    ///
    /// # Errors
    /// A sentence for people, when the schema can't be kept to.
    pub(crate) fn new(model: &LlamaModel, ask: &Ask) -> Result<Self, String> {
        let grammar = match &ask.schema {
            None => None,
            Some(schema) => Some(grammar(model, schema)?),
        };
        let sampler = if ask.temperature > 0.0 {
            LlamaSampler::chain_simple([
                LlamaSampler::top_k(LIKELIEST),
                LlamaSampler::top_p(ask.top_p, 1),
                LlamaSampler::min_p(LEAST, 1),
                LlamaSampler::temp(ask.temperature),
                LlamaSampler::dist(ask.seed.unwrap_or_else(seed)),
            ])
        } else {
            LlamaSampler::greedy()
        };
        Ok(Self { sampler, grammar })
    }

    /// Chooses the next token.
    pub(crate) fn next(&mut self, context: &LlamaContext<'_>) -> LlamaToken {
        let Some(grammar) = &mut self.grammar else {
            return self.sampler.sample(context, LAST);
        };
        // Most tokens that the model wants are allowed, and asking about one
        // is far cheaper than about all.
        let mut all = context.token_data_array_ith(LAST);
        all.apply_sampler(&mut self.sampler);
        let wanted = all.selected_token();
        let token = match wanted.filter(|token| allows(grammar, *token)) {
            Some(token) => token,
            None => {
                let mut all = context.token_data_array_ith(LAST);
                all.apply_sampler(grammar);
                all.apply_sampler(&mut self.sampler);
                all.selected_token().unwrap_or(LlamaToken::new(0))
            }
        };
        grammar.accept(token);
        self.sampler.accept(token);
        token
    }
}

/// Makes what keeps an answer to a schema.
fn grammar(model: &LlamaModel, schema: &str) -> Result<LlamaSampler, String> {
    let value = serde_json::from_str(schema);
    let value = value.map_err(|error| format!("the schema is no JSON: {error}"))?;
    if depth(&value) > DEPTH {
        return Err(format!("the schema nests deeper than {DEPTH} levels"));
    }
    let wrong = "the local model can't keep to this schema";
    let grammar = llama_cpp_2::json_schema_to_grammar(schema);
    let grammar = grammar.map_err(|_| wrong.to_owned())?;
    LlamaSampler::grammar(model, &grammar, "root").map_err(|_| wrong.to_owned())
}

/// The place of the last token that was read.
const LAST: i32 = -1;

fn allows(grammar: &mut LlamaSampler, token: LlamaToken) -> bool {
    let mut one = LlamaTokenDataArray::from_iter([LlamaTokenData::new(token, 1.0, 0.0)], false);
    one.apply_sampler(grammar);
    one.data.iter().all(|data| data.logit().is_finite())
}

/// A number that nobody chose.
fn seed() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    // The low half is as random as the whole.
    (RandomState::new().hash_one(0) & u64::from(u32::MAX)) as u32
}

fn depth(schema: &serde_json::Value) -> usize {
    use serde_json::Value;
    match schema {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
