//! The model: reads prompts, reusing what it has read before, and writes
//! answers token by token.

use std::num::NonZeroU32;
use std::path::PathBuf;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;

use self::choice::Chooser;
use crate::protocol::{Ask, Code, Event, Limit, Part, Reason, VERSION};
use crate::queue::Queue;
use crate::say;
use crate::slot::{Place, SLOTS, Slots};
use crate::text::Writer;

mod choice;

/// How many tokens of a prompt are read at once. Whoever cancels waits for so
/// many at most; larger steps are no faster on a processor, half of it is slower
/// by a third.
const STEP: u32 = 16;
/// A long prompt that grows loses its beginning in steps of so many tokens, so
/// that it mostly begins as the one before.
const CUT: usize = 256;
/// A question that leaves no room for so many tokens of an answer, or for as
/// many as are wanted, is too long.
const LEAST: u32 = 256;

/// What an engine is made with.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The file of weights.
    pub(crate) weights: PathBuf,
    /// How many tokens the memory holds.
    pub(crate) context: u32,
    /// How many processors it uses.
    pub(crate) threads: u32,
}

/// A loaded model and what it has read.
pub(crate) struct Engine<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'a>,
    slots: Slots,
    queue: &'a Queue,
}

/// Why a question was not answered.
struct Failure {
    code: Code,
    message: String,
}

/// How an answer ended.
struct Ending {
    reason: Reason,
    tokens: u32,
}

impl Engine<'_> {
    /// Loads the model and answers questions for ever.
    ///
    /// # Errors
    /// A sentence for people, when it can't be loaded.
    pub(crate) fn serve(settings: &Settings, queue: &Queue) -> Result<(), String> {
        let broken = |what: &str| format!("the local model could not be loaded: {what}");
        let mut backend = LlamaBackend::init().map_err(|error| broken(&error.to_string()))?;
        backend.void_logs();
        if !settings.weights.is_file() {
            return Err(broken("its file is not there"));
        }
        let model =
            LlamaModel::load_from_file(&backend, &settings.weights, &LlamaModelParams::default());
        let model =
            model.map_err(|_| broken("its file is damaged or there is too little memory"))?;
        let threads = i32::try_from(settings.threads).unwrap_or(1);
        let memory = settings.context.min(model.n_ctx_train().max(1));
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(memory))
            .with_n_batch(STEP)
            .with_n_ubatch(STEP)
            .with_n_seq_max(u32::try_from(SLOTS).unwrap_or(1))
            // One memory for all prompts: a long one may have most of it.
            .with_kv_unified(true)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let context = model.new_context(&backend, params);
        let context = context.map_err(|_| broken("there is too little memory"))?;
        let held = context.n_ctx();
        let mut engine = Engine {
            model: &model,
            context,
            batch: LlamaBatch::new(STEP as usize, 1),
            slots: Slots::new(held as usize),
            queue,
        };
        say(&Event::Ready {
            version: VERSION,
            context_tokens: held,
        });
        loop {
            let (id, ask) = queue.next();
            let prompt = engine.prompt(&ask);
            engine.serve_one(id, &ask, &prompt);
        }
    }

    fn serve_one(&mut self, id: u64, ask: &Ask, prompt: &[i32]) {
        say(&match self.answer(id, ask, prompt) {
            Ok(Ending { reason, tokens }) => Event::Done { id, reason, tokens },
            Err(Failure { code, message }) => Event::Failed {
                id: Some(id),
                code,
                message,
            },
        });
        self.queue.finish(id);
    }

    fn prompt(&self, ask: &Ask) -> Vec<i32> {
        let vocab = self.model.vocab();
        let parts = ask.prompt.iter();
        parts.flat_map(|part| tokens(&vocab, part)).collect()
    }

    fn answer(&mut self, id: u64, ask: &Ask, prompt: &[i32]) -> Result<Ending, Failure> {
        let mut chooser = Chooser::new(self.model, ask).map_err(Failure::invalid)?;
        let room = least_room(ask);
        let place = self.slots.place(prompt, room);
        let place = place.ok_or_else(|| Failure::too_long(prompt.len(), room, &self.context))?;
        self.prepare(&place)?;
        if !self.read(id, ask, place.slot, prompt)? {
            return Ok(Ending {
                reason: Reason::Cancelled,
                tokens: 0,
            });
        }
        say(&Event::Read {
            id,
            tokens: count(prompt.len()),
            cached_tokens: count(place.known),
        });
        self.write(id, ask, place.slot, &mut chooser)
    }

    /// Does in the memory what the slots have noted.
    fn prepare(&mut self, place: &Place) -> Result<(), Failure> {
        if let Some(lender) = place.lender {
            self.forget(place.slot, 0)?;
            let (from, to) = (sequence(lender), sequence(place.slot));
            let copied =
                self.context
                    .copy_kv_cache_seq(from, to, Some(0), Some(count(place.known)));
            copied.map_err(|error| Failure::broken(&error.to_string()))?;
        } else {
            self.forget(place.slot, place.known)?;
        }
        self.forget_all(&place.emptied)
    }

    fn forget_all(&mut self, slots: &[usize]) -> Result<(), Failure> {
        slots.iter().try_for_each(|slot| self.forget(*slot, 0))
    }

    /// Removes what a sequence holds from position `from` on.
    fn forget(&mut self, slot: usize, from: usize) -> Result<(), Failure> {
        let removed = self
            .context
            .kv_cache_seq_rm(sequence(slot), Some(count(from)), None);
        removed.map_err(|error| Failure::broken(&error.to_string()))?;
        Ok(())
    }

    /// Reads what the sequence doesn't hold of the prompt; false when
    /// cancelled.
    fn read(&mut self, id: u64, ask: &Ask, slot: usize, prompt: &[i32]) -> Result<bool, Failure> {
        let needed = prompt.len() + least_room(ask);
        for step in prompt[self.slots.held(slot)..].chunks(STEP as usize) {
            if self.queue.is_cancelled(id) {
                return Ok(false);
            }
            self.let_in(ask, slot, needed)?;
            self.decode(slot, step)?;
        }
        Ok(!self.queue.is_cancelled(id))
    }

    /// Answers one urgent question, if one waits, in the middle of an answer in
    /// `slot` that needs `needed` tokens in all to go on. What comes next in
    /// that answer must be read before more of it is chosen.
    fn let_in(&mut self, ask: &Ask, slot: usize, needed: usize) -> Result<(), Failure> {
        if ask.urgent {
            return Ok(());
        }
        let held = self.slots.held(slot);
        while let Some((id, urgent)) = self.queue.next_urgent() {
            let prompt = self.prompt(&urgent);
            self.slots.interrupt(slot, needed);
            if self.slots.fits(prompt.len() + least_room(&urgent)) {
                self.serve_one(id, &urgent, &prompt);
            } else if !self.queue.postpone(id, urgent) {
                say(&Event::Done {
                    id,
                    reason: Reason::Cancelled,
                    tokens: 0,
                });
            }
            self.slots.resume();
        }
        if self.slots.held(slot) == held {
            Ok(())
        } else {
            Err(Failure::broken("what it had read is lost"))
        }
    }

    fn decode(&mut self, slot: usize, tokens: &[i32]) -> Result<(), Failure> {
        let at = self.slots.held(slot);
        self.batch.clear();
        for (offset, token) in tokens.iter().enumerate() {
            let position = i32::try_from(at + offset).unwrap_or(i32::MAX);
            let last = offset + 1 == tokens.len();
            let added = self
                .batch
                .add(LlamaToken::new(*token), position, &[sequence(slot)], last);
            added.map_err(|error| Failure::broken(&error.to_string()))?;
        }
        if let Err(error) = self.context.decode(&mut self.batch) {
            // What the memory holds now is not known.
            for slot in 0..SLOTS {
                self.slots.empty(slot);
            }
            self.context.clear_kv_cache();
            return Err(Failure::broken(&error.to_string()));
        }
        self.slots.extend(slot, tokens);
        Ok(())
    }

    fn write(
        &mut self,
        id: u64,
        ask: &Ask,
        slot: usize,
        chooser: &mut Chooser,
    ) -> Result<Ending, Failure> {
        let vocab = self.model.vocab();
        let mut writer = Writer::new(&ask.stop, &ask.until);
        let mut tokens = 0;
        let reason = loop {
            let token = chooser.next(&self.context);
            if vocab.is_eog(token) || vocab.is_control(token) {
                break Reason::Stop;
            }
            tokens += 1;
            show(id, writer.take(&vocab.token_to_piece(token, false, None)));
            if writer.ended() {
                break Reason::Stop;
            }
            if ask.max_tokens.is_some_and(|most| tokens >= most) {
                break Reason::Length;
            }
            if self.queue.is_cancelled(id) {
                break Reason::Cancelled;
            }
            self.let_in(ask, slot, self.slots.held(slot) + 1)?;
            let Some(emptied) = self.slots.grow(slot) else {
                break Reason::Length;
            };
            self.forget_all(&emptied)?;
            self.decode(slot, &[token.0])?;
        };
        if !writer.ended() {
            show(id, writer.finish());
        }
        Ok(Ending { reason, tokens })
    }
}

impl Failure {
    fn invalid(message: String) -> Self {
        Self {
            code: Code::Invalid,
            message,
        }
    }

    fn broken(message: &str) -> Self {
        Self {
            code: Code::Broken,
            message: format!("the local model failed: {message}"),
        }
    }

    fn too_long(prompt: usize, room: usize, context: &LlamaContext<'_>) -> Self {
        Self {
            code: Code::TooLong,
            message: format!(
                "{prompt} tokens and an answer of {room} don't fit the local model's {}",
                context.n_ctx()
            ),
        }
    }
}

/// How many tokens of an answer there must be room for before it begins.
fn least_room(ask: &Ask) -> usize {
    ask.max_tokens.unwrap_or(LEAST).clamp(1, LEAST) as usize
}

/// The tokens of a piece of a prompt.
fn tokens(vocab: &LlamaVocab<'_>, part: &Part) -> Vec<i32> {
    let tokens = vocab.tokenize(part.text.as_bytes(), false, part.special);
    let tokens: Vec<i32> = tokens.into_iter().map(|token| token.0).collect();
    kept(tokens, part.limit)
}

fn kept(mut tokens: Vec<i32>, limit: Option<Limit>) -> Vec<i32> {
    match limit {
        None => tokens,
        Some(Limit::First(most)) => {
            tokens.truncate(most as usize);
            tokens
        }
        Some(Limit::Last(most)) => {
            let beyond = tokens.len().saturating_sub(most as usize);
            let step = CUT.min(most as usize / 2).max(1);
            let cut = beyond.next_multiple_of(step).min(tokens.len());
            tokens.split_off(cut)
        }
    }
}

fn show(id: u64, text: String) {
    if !text.is_empty() {
        say(&Event::Text { id, text });
    }
}

fn sequence(slot: usize) -> i32 {
    i32::try_from(slot).unwrap_or(0)
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pieces_are_cut_and_begin_alike_while_they_grow() {
        let piece = |length: i32| (0..length).collect::<Vec<i32>>();
        assert_eq!(kept(piece(9), None).len(), 9);
        assert_eq!(kept(piece(9), Some(Limit::First(4))), [0, 1, 2, 3]);
        assert_eq!(kept(piece(900), Some(Limit::Last(900))).len(), 900);
        for length in 901..=1_156 {
            let kept = kept(piece(length), Some(Limit::Last(900)));
            assert_eq!((kept[0], kept.len()), (256, length as usize - 256));
        }
        assert_eq!(kept(piece(305), Some(Limit::Last(20)))[0], 290);
        assert_eq!(kept(piece(300), Some(Limit::Last(0))).len(), 0);
    }
}
