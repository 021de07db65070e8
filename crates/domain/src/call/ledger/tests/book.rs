//! The ledger under test, and what it must say by simple sums.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{
    Clock as _, ContentHash, ConversationId, Ids, ManualClock, Timestamp, TurnId, UserId,
    WorkspaceId,
};
use atelier_store::testing::TestDatabase;
use atelier_store::{
    BudgetPeriod, BudgetRow, BudgetScope, CallEnd, CallFilter, CallState, ConversationRow,
    ModelCallRow, ModelRequestRow, NewWorkspace, Store, TurnMode, TurnRow, TurnState, UsageGroup,
};
use futures_util::future::join_all;
use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};
use tempfile::TempDir;
use uuid::Uuid;

use super::steps::{AGENTS, Deed, How, Limits, PLACES, Step};
use crate::call::ask::unused;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::Error;
use crate::testing;
use crate::usage::UsageQuery;

/// 2026-01-30T00:00:00Z: days and months begin soon.
const BEGINNING: Timestamp = Timestamp::from_micros(1_769_731_200_000_000);

/// Who asks where.
#[derive(Clone, Copy, Debug)]
struct Place {
    user: UserId,
    workspace: Option<WorkspaceId>,
    turn: Option<(ConversationId, TurnId)>,
}

/// Micro-dollars and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    used: (i64, u64),
    reserved: (i64, u64),
}

/// A budget, the subject in it and the beginning of the period.
type Window = (usize, Uuid, Timestamp);

pub(super) struct Book {
    database: TestDatabase,
    store: Store,
    domain: Domain,
    clock: ManualClock,
    ids: Ids,
    people: [Ctx; 2],
    places: [Place; PLACES],
    limits: Limits,
    budgets: Vec<BudgetRow>,
    /// Every call there was, as its row should be.
    calls: BTreeMap<Uuid, ModelCallRow>,
    /// The call that each agent waits for.
    open: [Option<Uuid>; AGENTS],
    /// The call that each agent waited for when the server was killed.
    lost: [Option<Uuid>; AGENTS],
    /// The sums of the step before.
    before: BTreeMap<Window, Sums>,
    folder: TempDir,
}

impl Book {
    pub(super) async fn open(database: TestDatabase, limits: Limits) -> Self {
        let clock = ManualClock::new(BEGINNING);
        let ids = Ids::seeded(Arc::new(clock.clone()), 7);
        let folder = tempfile::tempdir().unwrap();
        let store = database.open().await.unwrap();
        let domain = testing::start(store.clone(), folder.path(), &clock, &ids).await;
        let people = [
            testing::person(&store, &clock, ids.next()).await,
            testing::person(&store, &clock, ids.next()).await,
        ];
        let [ana, ben] = [people[0].person().unwrap(), people[1].person().unwrap()];
        let mut book = Self {
            database,
            store,
            domain,
            clock,
            ids,
            people,
            places: [Place {
                user: ana,
                workspace: None,
                turn: None,
            }; PLACES],
            limits,
            budgets: Vec::new(),
            calls: BTreeMap::new(),
            open: [None; AGENTS],
            lost: [None; AGENTS],
            before: BTreeMap::new(),
            folder,
        };
        let (one, two) = (book.workspace(ana).await, book.workspace(ben).await);
        let long = book.conversation(one).await;
        let turns = [
            book.turn(ana, one, long).await,
            book.turn(ana, one, long).await,
            book.turn(ana, one, book.conversation(one).await).await,
            book.turn(ben, two, book.conversation(two).await).await,
        ];
        for (place, (user, workspace, turn)) in book.places.iter_mut().zip([
            (ana, Some(one), Some(turns[0])),
            (ana, Some(one), Some(turns[1])),
            (ana, Some(one), Some(turns[2])),
            (ben, Some(one), None),
            (ana, None, None),
            (ben, None, None),
            (ben, Some(two), Some(turns[3])),
        ]) {
            *place = Place {
                user,
                workspace,
                turn,
            };
        }
        for (at, (owner, scope, subject, period)) in [
            (ana, BudgetScope::User, None, BudgetPeriod::Day),
            (ana, BudgetScope::Workspace, Some(one), BudgetPeriod::Month),
            (ana, BudgetScope::Conversation, None, BudgetPeriod::Total),
            (ana, BudgetScope::Turn, None, BudgetPeriod::Total),
            (ben, BudgetScope::User, None, BudgetPeriod::Total),
            (ben, BudgetScope::Workspace, Some(two), BudgetPeriod::Day),
        ]
        .into_iter()
        .enumerate()
        {
            let now = book.clock.now();
            book.budgets.push(BudgetRow {
                id: book.ids.next(),
                owner_id: owner,
                scope,
                subject_id: subject.map(WorkspaceId::as_uuid),
                period,
                limit_micros: limits[at].0,
                limit_tokens: limits[at].1,
                created_at: now,
                updated_at: now,
            });
            book.set(at).await;
        }
        book
    }

    /// Does a step, and notes what must come of it.
    pub(super) async fn play(&mut self, step: &Step) -> TestCaseResult {
        match step {
            Step::Together(deeds) => self.together(deeds).await?,
            Step::Crash => self.crash().await,
            Step::Wait(hours) => self.clock.advance(Duration::from_hours((*hours).into())),
            Step::Limit(at, part) => {
                let (micros, tokens) = self.limits[*at];
                let budget = &mut self.budgets[*at];
                budget.limit_micros = micros.map(|micros| micros * part / 100);
                budget.limit_tokens = tokens.map(|tokens| tokens * part.unsigned_abs() / 100);
                let row = budget.clone();
                self.store
                    .write(async |tx| tx.update_budget(&row).await)
                    .await
                    .unwrap();
            }
            Step::Anew(at) => {
                let id = std::mem::replace(&mut self.budgets[*at].id, self.ids.next());
                self.store
                    .write(async |tx| tx.delete_budget(id).await)
                    .await
                    .unwrap();
                self.set(*at).await;
            }
        }
        Ok(())
    }

    /// Ends what still runs, and checks that nothing is reserved and that
    /// usage is the sum of the calls.
    pub(super) async fn close(mut self) -> TestCaseResult {
        let rest: Vec<(usize, Deed)> = (0..AGENTS)
            .map(|agent| (agent, Deed::End(How::Done, 50)))
            .collect();
        self.together(&rest).await?;
        self.check().await?;
        let running = self
            .store
            .read(async |tx| tx.list_running_calls().await)
            .await;
        prop_assert_eq!(running.unwrap(), vec![]);
        for (window, sums) in self.sums() {
            prop_assert_eq!(sums.reserved, (0, 0), "{:?}", window);
        }
        for ctx in &self.people {
            self.check_usage(ctx).await?;
        }
        self.store.close().await;
        Ok(())
    }

    /// Checks that the rows are as they should be, that what is noted of
    /// budgets is their sum, and that no sum above its limit has grown.
    pub(super) async fn check(&mut self) -> TestCaseResult {
        let mut rows = BTreeMap::new();
        for ctx in &self.people {
            let user = ctx.person().unwrap();
            let listed = self
                .store
                .read(async |tx| {
                    tx.list_recent_calls(user, &CallFilter::default(), 10_000)
                        .await
                })
                .await;
            rows.extend(
                listed
                    .unwrap()
                    .into_iter()
                    .map(|row| (row.id.as_uuid(), row)),
            );
        }
        prop_assert_eq!(&rows, &self.calls);
        let sums = self.sums();
        for (window, sum) in &sums {
            let budget = &self.budgets[window.0];
            let before = self.before.get(window).copied().unwrap_or_default();
            if budget.limit_micros.is_some_and(|most| sum.micros() > most) {
                prop_assert!(sum.micros() <= before.micros(), "{budget:?} {sum:?}");
            }
            if budget.limit_tokens.is_some_and(|most| sum.tokens() > most) {
                prop_assert!(sum.tokens() <= before.tokens(), "{budget:?} {sum:?}");
            }
            let noted = self
                .store
                .read(async |tx| tx.find_budget_window(budget.id, window.1, window.2).await)
                .await;
            if let Some(noted) = noted.unwrap() {
                let noted = Sums {
                    used: (noted.used_micros, noted.used_tokens),
                    reserved: (noted.reserved_micros, noted.reserved_tokens),
                };
                prop_assert_eq!(noted, *sum, "noted of {:?}", budget);
            }
        }
        self.before = sums;
        Ok(())
    }

    /// Has agents begin and end calls at the same moment.
    async fn together(&mut self, deeds: &[(usize, Deed)]) -> TestCaseResult {
        let mut acts = Vec::new();
        for (agent, deed) in deeds {
            self.decide(*agent, deed, &mut acts);
        }
        let asked: Vec<Uuid> = acts.iter().filter_map(Act::asked).collect();
        let works: Vec<_> = acts.iter().map(|act| self.act(act)).collect();
        let results = join_all(works).await;
        let mut refused = Vec::new();
        for (act, result) in acts.into_iter().zip(results) {
            match (act, result) {
                (Act::Begin(row), Ok(())) => {
                    self.calls.insert(row.id.as_uuid(), row);
                }
                (Act::Begin(row), Err(refusal)) => refused.push((row, refusal)),
                // Before its call began, or after: it comes out the same.
                (Act::End(row, end), Ok(())) => self.end(row.id.as_uuid(), &end),
                (Act::End(_, end), Err(error)) => panic!("{end:?}: {error}"),
            }
        }
        for slot in &mut self.open {
            *slot = slot.filter(|id| self.calls.contains_key(id));
        }
        self.check_accepted(&asked)?;
        for (row, refusal) in &refused {
            self.check_refused(row, refusal, &asked, &refused)?;
        }
        Ok(())
    }

    /// Turns what an agent does into beginnings and ends of calls.
    fn decide(&mut self, agent: usize, deed: &Deed, acts: &mut Vec<Act>) {
        let open = self.open[agent].take();
        let known = |id: Uuid| {
            let begun = acts.iter().find_map(|act| match act {
                Act::Begin(row) if row.id.as_uuid() == id => Some(row.clone()),
                Act::Begin(_) | Act::End(..) => None,
            });
            begun.or_else(|| self.calls.get(&id).cloned())
        };
        let found = open.or(self.lost[agent]).and_then(known);
        let mut end = |how, part| {
            if let Some(row) = &found {
                acts.push(Act::End(row.clone(), end_of(row, how, part)));
            }
        };
        match deed {
            Deed::Ask {
                place,
                micros,
                tokens,
            } if open.is_none() => {
                let row = self.row(*place, *micros, *tokens);
                self.open[agent] = Some(row.id.as_uuid());
                acts.push(Act::Begin(row));
            }
            Deed::Ask { .. } => end(How::Done, 100),
            Deed::End(how, part) => end(*how, *part),
            Deed::EndAgain(part) => {
                end(How::Failed, *part);
                end(How::Done, 100);
            }
        }
    }

    async fn act(&self, act: &Act) -> Result<(), Error> {
        match act {
            Act::Begin(row) => {
                let request = ModelRequestRow {
                    call_id: row.id,
                    body: b"{}".to_vec(),
                    sources: "[]".to_owned(),
                    created_at: row.created_at,
                };
                self.domain.begin_call(row.clone(), request).await
            }
            Act::End(row, end) => {
                let payer = (row.user_id, row.workspace_id);
                self.domain.end_call(payer, row.id, end.clone()).await
            }
        }
    }

    /// Writes an end into the row that should be: the first one counts, and
    /// one after an interruption.
    fn end(&mut self, id: Uuid, end: &CallEnd) {
        let Some(row) = self.calls.get_mut(&id) else {
            return;
        };
        if !matches!(row.state, CallState::Running | CallState::Interrupted) {
            return;
        }
        row.state = end.state;
        row.input_tokens = end.input_tokens;
        row.cached_input_tokens = end.cached_input_tokens;
        row.cache_write_tokens = end.cache_write_tokens;
        row.output_tokens = end.output_tokens;
        row.reasoning_tokens = end.reasoning_tokens;
        row.measured = end.measured;
        row.cost_micros = end.cost_micros;
        row.latency_ms = end.latency_ms;
        row.error.clone_from(&end.error);
    }

    async fn crash(&mut self) {
        self.store.close().await;
        self.store = self.database.open().await.unwrap();
        let (store, folder) = (self.store.clone(), self.folder.path());
        self.domain = testing::start(store, folder, &self.clock, &self.ids).await;
        for row in self.calls.values_mut() {
            if row.state == CallState::Running {
                row.state = CallState::Interrupted;
                row.input_tokens = row.reserved_tokens;
                row.cost_micros = row.reserved_micros;
                row.error = Some("the server stopped while it was running".to_owned());
            }
        }
        for (lost, open) in self.lost.iter_mut().zip(&mut self.open) {
            *lost = open.take().or(*lost);
        }
    }

    /// What a budget allowed is within its limit.
    fn check_accepted(&self, asked: &[Uuid]) -> TestCaseResult {
        let sums = self.sums();
        for row in asked.iter().filter_map(|id| self.calls.get(id)) {
            for window in self.windows(row) {
                let (budget, sum) = (&self.budgets[window.0], sums[&window]);
                if let Some(most) = budget.limit_micros
                    && row.reserved_micros != Some(0)
                {
                    prop_assert!(row.reserved_micros.is_some(), "no price: {row:?}");
                    prop_assert!(sum.micros() <= most, "{sum:?} passes {budget:?}");
                }
                if let Some(most) = budget.limit_tokens {
                    prop_assert!(sum.tokens() <= most, "{sum:?} passes {budget:?}");
                }
            }
        }
        Ok(())
    }

    /// What was refused did not fit beside what there was before, and what
    /// else was asked for in the same moment.
    fn check_refused(
        &self,
        row: &ModelCallRow,
        refusal: &Error,
        asked: &[Uuid],
        refused: &[(ModelCallRow, Error)],
    ) -> TestCaseResult {
        let beside: Vec<&ModelCallRow> = asked
            .iter()
            .filter_map(|id| self.calls.get(id))
            .chain(refused.iter().map(|(row, _)| row))
            .collect();
        let counts = |row: &ModelCallRow, window: &Window| self.windows(row).contains(window);
        let mut fits = true;
        for window in self.windows(row) {
            let budget = &self.budgets[window.0];
            let before = self.before.get(&window).copied().unwrap_or_default();
            let all = || beside.iter().filter(|row| counts(row, &window));
            let micros: i64 = all().filter_map(|row| row.reserved_micros).sum();
            let tokens: u64 = all().map(|row| row.reserved_tokens).sum();
            fits &= budget.limit_micros.is_none_or(|most| {
                row.reserved_micros.is_some() && before.micros() + micros <= most
            });
            fits &= budget
                .limit_tokens
                .is_none_or(|most| before.tokens() + tokens <= most);
        }
        prop_assert!(!fits, "{row:?} would have fitted: {refusal}");
        match refusal {
            Error::PriceUnknown { .. } => prop_assert_eq!(row.reserved_micros, None),
            Error::BudgetExceeded(why) => {
                prop_assert!(why.used + why.reserved + why.wanted > why.limit, "{why:?}");
            }
            other => panic!("{other}"),
        }
        Ok(())
    }

    async fn check_usage(&self, ctx: &Ctx) -> TestCaseResult {
        let user = ctx.person().unwrap();
        let own = || self.calls.values().filter(|row| row.user_id == user);
        let cost: i64 = own().filter_map(|row| row.cost_micros).sum();
        let count = |of: fn(&ModelCallRow) -> u64| own().map(of).sum::<u64>();
        for group in [
            UsageGroup::User,
            UsageGroup::Workspace,
            UsageGroup::Model,
            UsageGroup::Task,
            UsageGroup::Day,
            UsageGroup::Turn,
        ] {
            let query = UsageQuery {
                group,
                workspace: None,
                from: None,
                to: None,
                // Few, so that there is a rest as well.
                most: 2,
            };
            let usage = self.domain.get_usage(ctx, query).await.unwrap();
            prop_assert!(usage.rows.len() <= 3);
            let total = &usage.total.sums;
            prop_assert_eq!(total.cost_micros, cost);
            prop_assert_eq!(total.calls, count(|_| 1));
            prop_assert_eq!(total.input_tokens, count(|row| row.input_tokens));
            prop_assert_eq!(
                total.cached_input_tokens,
                count(|row| row.cached_input_tokens)
            );
            prop_assert_eq!(
                total.cache_write_tokens,
                count(|row| row.cache_write_tokens)
            );
            prop_assert_eq!(total.output_tokens, count(|row| row.output_tokens));
            prop_assert_eq!(total.reasoning_tokens, count(|row| row.reasoning_tokens));
            prop_assert_eq!(
                total.unpriced,
                count(|row| row.cost_micros.is_none().into())
            );
            let rows = || usage.rows.iter().map(|row| &row.sums);
            prop_assert_eq!(rows().map(|sums| sums.cost_micros).sum::<i64>(), cost);
            prop_assert_eq!(rows().map(|sums| sums.calls).sum::<u64>(), total.calls);
            prop_assert_eq!(
                rows()
                    .map(|sums| sums.input_tokens + sums.output_tokens)
                    .sum::<u64>(),
                total.input_tokens + total.output_tokens
            );
        }
        Ok(())
    }

    /// Sums the calls up by budget, subject and period.
    fn sums(&self) -> BTreeMap<Window, Sums> {
        let mut sums: BTreeMap<Window, Sums> = BTreeMap::new();
        for row in self.calls.values() {
            for window in self.windows(row) {
                let sum = sums.entry(window).or_default();
                if row.state == CallState::Running {
                    sum.reserved.0 += row.reserved_micros.unwrap_or(0);
                    sum.reserved.1 += row.reserved_tokens;
                } else {
                    sum.used.0 += row.cost_micros.unwrap_or(0);
                    sum.used.1 += row.input_tokens + row.output_tokens;
                }
            }
        }
        sums
    }

    /// Returns where a call counts.
    fn windows(&self, row: &ModelCallRow) -> Vec<Window> {
        let mut windows = Vec::new();
        for (at, budget) in self.budgets.iter().enumerate() {
            let own = row.user_id == budget.owner_id;
            let subject = match budget.scope {
                BudgetScope::User => own.then_some(row.user_id.as_uuid()),
                BudgetScope::Workspace => row
                    .workspace_id
                    .map(WorkspaceId::as_uuid)
                    .filter(|id| Some(*id) == budget.subject_id),
                BudgetScope::Conversation => row
                    .conversation_id
                    .map(ConversationId::as_uuid)
                    .filter(|_| own),
                BudgetScope::Turn => row.turn_id.map(TurnId::as_uuid).filter(|_| own),
            };
            let from = match budget.period {
                BudgetPeriod::Day => row.created_at.day_start(),
                BudgetPeriod::Month => row.created_at.month_start(),
                BudgetPeriod::Total => Timestamp::from_micros(0),
            };
            windows.extend(subject.map(|subject| (at, subject, from)));
        }
        windows
    }

    fn row(&self, place: usize, micros: Option<i64>, tokens: u64) -> ModelCallRow {
        let place = self.places[place];
        ModelCallRow {
            id: self.ids.next(),
            user_id: place.user,
            workspace_id: place.workspace,
            conversation_id: place.turn.map(|(conversation, _)| conversation),
            turn_id: place.turn.map(|(_, turn)| turn),
            token_id: None,
            replaces_id: None,
            task: if tokens.is_multiple_of(2) {
                "chat"
            } else {
                "edit"
            }
            .to_owned(),
            provider_id: None,
            provider: "fake".to_owned(),
            model: if tokens.is_multiple_of(3) {
                "small"
            } else {
                "large"
            }
            .to_owned(),
            wire: "openai_chat".to_owned(),
            local: false,
            reason: "It is the only model.".to_owned(),
            state: CallState::Running,
            stop_reason: None,
            input_tokens: 0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            measured: false,
            cost_micros: None,
            reserved_micros: micros,
            reserved_tokens: tokens,
            first_token_ms: None,
            latency_ms: None,
            request_hash: ContentHash::of(b"{}"),
            error: None,
            created_at: self.clock.now(),
            server: self.domain.server(),
        }
    }

    async fn set(&self, at: usize) {
        let row = &self.budgets[at];
        self.store
            .write(async |tx| tx.insert_budget(row).await)
            .await
            .unwrap();
    }

    async fn workspace(&self, owner: UserId) -> WorkspaceId {
        let new = NewWorkspace {
            id: self.ids.next(),
            owner_id: owner,
            name: "demo".to_owned(),
            default_model: None,
            created_at: self.clock.now(),
        };
        let made = self.store.write(async |tx| tx.insert_workspace(&new).await);
        made.await.unwrap().id
    }

    async fn conversation(&self, workspace: WorkspaceId) -> ConversationId {
        let now = self.clock.now();
        let row = ConversationRow {
            id: self.ids.next(),
            workspace_id: workspace,
            title: "Untitled".to_owned(),
            active_model: None,
            created_at: now,
            updated_at: now,
            archived_at: None,
        };
        let made = self
            .store
            .write(async |tx| tx.insert_conversation(&row).await);
        made.await.unwrap();
        row.id
    }

    async fn turn(
        &self,
        user: UserId,
        workspace: WorkspaceId,
        conversation: ConversationId,
    ) -> (ConversationId, TurnId) {
        let row = TurnRow {
            id: self.ids.next(),
            workspace_id: workspace,
            conversation_id: conversation,
            user_id: user,
            mode: TurnMode::Ask,
            model: "small".to_owned(),
            state: TurnState::Done,
            error: None,
            attached: "[]".to_owned(),
            withheld: "[]".to_owned(),
            selections: "[]".to_owned(),
            created_at: self.clock.now(),
            finished_at: Some(self.clock.now()),
        };
        let made = self.store.write(async |tx| tx.insert_turn(&row).await);
        made.await.unwrap();
        (conversation, row.id)
    }
}

impl Sums {
    fn micros(&self) -> i64 {
        self.used.0 + self.reserved.0
    }

    fn tokens(&self) -> u64 {
        self.used.1 + self.reserved.1
    }
}

/// A call begins, or ends.
#[derive(Clone, Debug)]
enum Act {
    Begin(ModelCallRow),
    End(ModelCallRow, CallEnd),
}

impl Act {
    fn asked(&self) -> Option<Uuid> {
        match self {
            Self::Begin(row) => Some(row.id.as_uuid()),
            Self::End(..) => None,
        }
    }
}

/// Returns the end of a call that used a part of what was reserved.
fn end_of(row: &ModelCallRow, how: How, part: u8) -> CallEnd {
    let state = match how {
        How::Done => CallState::Done,
        How::Failed => CallState::Failed,
        How::Cancelled => CallState::Cancelled,
        How::Released => return unused(CallState::Cancelled),
    };
    let tokens = row.reserved_tokens * u64::from(part) / 100;
    let output = tokens / 3;
    let input = tokens - output;
    CallEnd {
        input_tokens: input,
        cached_input_tokens: input / 4,
        cache_write_tokens: input / 8,
        output_tokens: output,
        reasoning_tokens: output / 2,
        measured: true,
        cost_micros: row.reserved_micros.map(|most| most * i64::from(part) / 100),
        latency_ms: Some(5),
        ..unused(state)
    }
}
