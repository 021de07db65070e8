use std::collections::{BTreeMap, HashMap};

use atelier_base::{RunId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Capacity, Full, Line, Queue};
use crate::error::Error;

fn user(number: u8) -> UserId {
    UserId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn run(number: usize) -> RunId {
    RunId::from_uuid(Uuid::from_u128(number as u128))
}

fn line(going: usize, waiting: usize, waiting_by_user: usize) -> Line {
    Line::new(Capacity {
        going,
        waiting,
        waiting_by_user,
    })
}

#[test]
fn many_runs_of_one_hold_up_nobody_elses_one() {
    let mut line = line(1, 200, 200);
    for number in 0..100 {
        line.enter(user(1), run(number)).unwrap();
    }
    assert_eq!(line.next(), Some(run(0)));
    line.enter(user(2), run(100)).unwrap();
    line.enter(user(3), run(101)).unwrap();
    assert_eq!(line.next(), None, "one at a time");
    let mut order = Vec::new();
    for _ in 0..5 {
        line.finish();
        order.extend(line.next());
    }
    assert_eq!(order, [1, 100, 101, 2, 3].map(run));
}

#[test]
fn the_line_is_bounded_for_each_and_for_all() {
    let mut line = line(2, 4, 3);
    for number in 0..2 {
        line.enter(user(1), run(number)).unwrap();
        assert_eq!(line.next(), Some(run(number)));
    }
    for number in 2..5 {
        line.enter(user(1), run(number)).unwrap();
    }
    assert_eq!(line.enter(user(1), run(5)), Err(Full::Own));
    line.enter(user(2), run(6)).unwrap();
    assert_eq!(line.enter(user(3), run(7)), Err(Full::All));
    assert!(line.leave(user(1), run(3)));
    assert!(!line.leave(user(1), run(3)));
    line.enter(user(3), run(7)).unwrap();
    // Without room to wait a run goes on when one can.
    let mut none = self::line(1, 0, 0);
    none.enter(user(1), run(0)).unwrap();
    assert_eq!(none.next(), Some(run(0)));
    assert_eq!(none.enter(user(2), run(1)), Err(Full::Own));
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u8),
    Leave(usize),
    Finish,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..5).prop_map(Step::Enter),
        1 => (0_usize..60).prop_map(Step::Leave),
        3 => Just(Step::Finish),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    /// While somebody waits, nobody else is let on twice; each one's runs go
    /// on in order; and the place that a run is told comes true when nobody
    /// else comes or leaves.
    #[test]
    fn nobody_waits_for_more_than_one_round(going in 1_usize..4, steps in steps()) {
        let mut line = line(going, 1_000, 1_000);
        let mut waiting: BTreeMap<usize, UserId> = BTreeMap::new();
        // For each who waits: how often each other one was let on meanwhile.
        let mut passed: HashMap<UserId, HashMap<UserId, u32>> = HashMap::new();
        let mut on = 0;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Enter(who) => {
                    line.enter(user(who), run(number)).unwrap();
                    waiting.insert(number, user(who));
                    passed.entry(user(who)).or_default();
                }
                Step::Leave(number) => {
                    if let Some(who) = waiting.remove(&number) {
                        prop_assert!(line.leave(who, run(number)));
                        if !waiting.values().any(|&other| other == who) {
                            passed.remove(&who);
                        }
                    }
                }
                Step::Finish if on > 0 => {
                    line.finish();
                    on -= 1;
                }
                Step::Finish => {}
            }
            while on < going && !waiting.is_empty() {
                let told = waiting.iter().map(|(&n, &who)| (line.position(who, run(n)), n));
                let next = told.min().unwrap();
                prop_assert_eq!(next.0, Some(1));
                prop_assert_eq!(line.next(), Some(run(next.1)));
                let who = waiting.remove(&next.1).unwrap();
                prop_assert!(waiting.iter().all(|(&n, &other)| other != who || n > next.1));
                passed.remove(&who);
                if waiting.values().any(|&other| other == who) {
                    passed.insert(who, HashMap::new());
                }
                for (other, times) in &mut passed {
                    if *other != who {
                        let times = times.entry(who).or_default();
                        *times += 1;
                        prop_assert!(*times <= 1, "{who} went twice while {other} waited");
                    }
                }
                on += 1;
            }
            prop_assert_eq!(line.waiting, waiting.len());
        }
        let mut told: Vec<_> = waiting.iter().map(|(&n, &who)| (line.position(who, run(n)), n)).collect();
        told.sort_unstable();
        for (place, (position, number)) in told.into_iter().enumerate() {
            prop_assert_eq!(position, Some(place + 1));
            line.finish();
            prop_assert_eq!(line.next(), Some(run(number)));
        }
    }
}

#[tokio::test]
async fn a_slot_that_is_given_back_or_never_taken_goes_to_the_next() {
    let queue = Queue::new(Capacity {
        going: 1,
        waiting: 3,
        waiting_by_user: 3,
    });
    let mut first = queue.enter(user(1), run(0)).unwrap();
    let slot = first.turn().await.unwrap();
    let second = queue.enter(user(1), run(1)).unwrap();
    let mut third = queue.enter(user(1), run(2)).unwrap();
    let mut fourth = queue.enter(user(2), run(3)).unwrap();
    assert_eq!(queue.position(user(1), run(2)), Some(3));
    let full = queue.enter(user(3), run(4));
    assert!(matches!(full, Err(Error::TooMany { .. })), "{full:?}");
    drop(slot);
    // The second's turn has come, but it has gone away.
    drop(second);
    let slot = fourth.turn().await.unwrap();
    assert_eq!(queue.position(user(1), run(2)), Some(1));
    drop(slot);
    drop(third.turn().await.unwrap());
    assert_eq!(queue.position(user(1), run(2)), None);
    drop(queue.enter(user(3), run(4)).unwrap().turn().await.unwrap());
}
