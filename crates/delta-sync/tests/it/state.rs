//! The state is a function of the set of entries, and its rules keep what they promise.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_delta_sync::state::{Base, Fold, KEY_BYTES_MAX, Notice, Operation, Phase, Stamp, State};
use cosmosmesh_delta_sync::{CodecError, EntryId, LogId, LogicalTime, Topic};
use proptest::prelude::*;

use crate::keys::{TestHasher, node};

type Item = (Stamp, Option<MissionTime>, Operation);

fn id(author: u64, sequence: u64) -> EntryId {
    EntryId { log: LogId { author: node(author), epoch: 0, topic: Topic(0) }, sequence }
}

fn stamp(at: i64, author: u64, sequence: u64) -> Stamp {
    Stamp { time: LogicalTime { at: MissionTime(at), count: 0 }, id: id(author, sequence) }
}

const END: MissionTime = MissionTime(i64::MAX);

fn key() -> Vec<u8> {
    b"k".to_vec()
}

/// Applies operations one after the other and gives what was decided.
fn apply(items: &[(Stamp, Operation)]) -> (State, Vec<Notice>) {
    let mut state = State::default();
    let notices = items.iter().filter_map(|(stamp, operation)| state.apply(*stamp, None, operation)).collect();
    (state, notices)
}

/// Operations of every kind, for the corpus of their decoder.
pub(crate) fn one_of_each() -> Vec<Operation> {
    let (key, element, value) = (key(), b"e".to_vec(), b"value".to_vec());
    let mut seen = vec![id(1, 3), id(2, 4)];
    seen.sort();
    let (to, amount, command) = (node(1), 300, id(2, 70_000));
    vec![
        Operation::Write { key: key.clone(), value: value.clone(), over: Some(command) },
        Operation::Write { key: Vec::new(), value: Vec::new(), over: None },
        Operation::Add { key: key.clone(), element: element.clone() },
        Operation::Remove { key: key.clone(), element, seen },
        Operation::Count { key: key.clone(), by: i64::MIN },
        Operation::Grant { key: key.clone(), to, amount: u64::MAX },
        Operation::Transfer { key: key.clone(), to, amount },
        Operation::Spend { key: key.clone(), amount },
        Operation::Issue { over: None },
        Operation::Issue { over: Some(command) },
        Operation::Acknowledge { command },
        Operation::Execute { command },
        Operation::Foretell { key, from: MissionTime(-5), until: MissionTime(5), value },
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || proptest::collection::vec(0..2_u8, 0..2);
    let value = || proptest::collection::vec(any::<u8>(), 0..3);
    let place = || (0..4_u64, 0..12_u64).prop_map(|(author, sequence)| id(author, sequence));
    let whom = || (0..4_u64).prop_map(node);
    prop_oneof![
        (key(), value(), proptest::option::of(place())).prop_map(|(key, value, over)| Operation::Write {
            key,
            value,
            over
        }),
        (key(), key()).prop_map(|(key, element)| Operation::Add { key, element }),
        (key(), key(), proptest::collection::btree_set(place(), 1..4))
            .prop_map(|(key, element, seen)| { Operation::Remove { key, element, seen: seen.into_iter().collect() } }),
        (key(), any::<i64>()).prop_map(|(key, by)| Operation::Count { key, by }),
        (key(), whom(), prop_oneof![0..50_u64, Just(u64::MAX)]).prop_map(|(key, to, amount)| Operation::Grant {
            key,
            to,
            amount
        }),
        (key(), whom(), 0..50_u64).prop_map(|(key, to, amount)| Operation::Transfer { key, to, amount }),
        (key(), 0..50_u64).prop_map(|(key, amount)| Operation::Spend { key, amount }),
        proptest::option::of(place()).prop_map(|over| Operation::Issue { over }),
        place().prop_map(|command| Operation::Acknowledge { command }),
        place().prop_map(|command| Operation::Execute { command }),
        (key(), -20..20_i64, 1..20_i64, value()).prop_map(|(key, from, length, value)| Operation::Foretell {
            key,
            from: MissionTime(from),
            until: MissionTime(from + length),
            value
        }),
    ]
}

/// Entries of four authors, each in order in its own log.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let one = (0..4_u64, 0..30_i64, proptest::option::of(0..60_i64), operation());
    proptest::collection::vec(one, 0..40).prop_map(|drawn| {
        let mut written: BTreeMap<u64, (u64, i64)> = BTreeMap::new();
        drawn
            .into_iter()
            .map(|(author, ahead, expiry, operation)| {
                let (sequence, at) = written.entry(author).or_insert((0, 0));
                *at += 1 + ahead;
                let item = (stamp(*at, author, *sequence), expiry.map(MissionTime), operation);
                *sequence += 1;
                item
            })
            .collect()
    })
}

fn shuffled(items: &[Item], seed: u64) -> Vec<Item> {
    let mut random = crate::random::Random(seed);
    let mut items = items.to_vec();
    for k in (1..items.len()).rev() {
        items.swap(k, random.below(k as u64 + 1) as usize);
    }
    items
}

fn fold(items: &[Item]) -> Fold {
    let mut fold = Fold::new();
    for (stamp, expiry, operation) in items {
        fold.insert(*stamp, *expiry, operation.clone());
    }
    fold
}

/// What the definition says: sort, then apply from nothing.
fn by_definition(items: &[Item], as_of: MissionTime) -> (State, Vec<Notice>) {
    let mut items = items.to_vec();
    items.sort_by_key(|item| item.0);
    let mut state = State::default();
    let due = items.iter().filter(|item| item.0.time.at <= as_of);
    let notices = due.filter_map(|(stamp, expiry, operation)| state.apply(*stamp, *expiry, operation)).collect();
    (state, notices)
}

fn seen(fold: &mut Fold, as_of: MissionTime) -> (State, Vec<Notice>) {
    let state = fold.state(as_of).clone();
    (state, fold.notices().map(|(_, notice)| notice.clone()).collect())
}

proptest! {
    #[test]
    fn the_order_of_arrival_and_doubles_change_nothing(items in items(), seed in any::<u64>(), as_of in 0..400_i64) {
        let mut fold = Fold::new();
        let order = shuffled(&items, seed);
        for (k, (stamp, expiry, operation)) in order.iter().chain(&order[..order.len() / 2]).enumerate() {
            prop_assert_eq!(fold.insert(*stamp, *expiry, operation.clone()), k < order.len());
            // Whoever looks in between, and at whatever time, changes nothing either.
            if k % 3 == 0 {
                fold.state(MissionTime(as_of - k as i64));
            }
        }
        for as_of in [MissionTime(as_of), END, MissionTime(as_of / 2)] {
            let expected = by_definition(&items, as_of);
            let got = seen(&mut fold, as_of);
            prop_assert_eq!(got.0.digest(&TestHasher), expected.0.digest(&TestHasher));
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn joining_is_commutative_associative_and_idempotent(items in items(), seed in any::<u64>()) {
        let part = |k: u64| {
            let mut random = crate::random::Random(seed ^ k);
            let items: Vec<Item> = items.iter().filter(|_| random.chance(60)).cloned().collect();
            fold(&shuffled(&items, seed ^ k))
        };
        let join = |a: &Fold, b: &Fold| {
            let mut a = a.clone();
            a.join(b);
            a
        };
        let (a, b, c) = (part(1), part(2), part(3));
        let of = |mut fold: Fold| seen(&mut fold, END);
        prop_assert_eq!(of(join(&a, &b)), of(join(&b, &a)));
        prop_assert_eq!(of(join(&join(&a, &b), &c)), of(join(&a, &join(&b, &c))));
        prop_assert_eq!(of(join(&a, &a)), of(a.clone()));
        prop_assert_eq!(of(join(&join(&a, &b), &b)), of(join(&a, &b)));
    }

    #[test]
    fn operations_come_back_from_their_bytes(operation in operation()) {
        let bytes = operation.encode().unwrap();
        prop_assert_eq!(Operation::decode(&bytes), Ok(operation));
        prop_assert!(Operation::decode(&bytes[..bytes.len() - 1]).is_err());
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert!(Operation::decode(&longer).is_err());
    }

    #[test]
    fn different_states_have_different_bytes(a in items(), b in items()) {
        let bytes = |items: &[Item]| {
            let state = by_definition(items, END).0;
            let mut bytes = Vec::new();
            state.encode(&mut bytes);
            (state, bytes)
        };
        let (a, b) = (bytes(&a), bytes(&b));
        prop_assert_eq!(a.0 == b.0, a.1 == b.1);
    }

    #[test]
    fn a_state_comes_back_from_its_bytes_and_from_no_others(items in items(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let state = by_definition(&items, END).0;
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        prop_assert_eq!(State::decode(&bytes), Ok(state));
        prop_assert!(State::decode(&bytes[..bytes.len() - 1]).is_err());
        prop_assert!(State::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
        // Whatever else is taken says something else, and in its one way.
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(other) = State::decode(&bytes) {
            let mut again = Vec::new();
            other.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn a_fold_from_the_state_of_a_time_comes_to_the_same(items in items(), seed in any::<u64>(), at in 0..400_i64, as_of in 0..500_i64) {
        let at = MissionTime(at);
        let base = Base { state: by_definition(&items, at).0, at, cut: Default::default() };
        let mut from_base = Fold::from_base(base);
        // Entries of the closed time may be there or not: they are in the state.
        for (k, (stamp, expiry, operation)) in shuffled(&items, seed).iter().enumerate() {
            if stamp.time.at > at || k % 2 == 0 {
                prop_assert_eq!(from_base.insert(*stamp, *expiry, operation.clone()), stamp.time.at > at);
            }
        }
        for as_of in [END, MissionTime(as_of), at] {
            let expected = by_definition(&items, as_of.max(at)).0;
            prop_assert_eq!(from_base.state(as_of).digest(&TestHasher), expected.digest(&TestHasher));
        }
    }

    /// Nodes that spend only what they see in their own hands are never refused, whatever they had not heard of others.
    #[test]
    fn an_honest_spender_is_never_overdrawn(steps in proptest::collection::vec((0..4_u64, 0..3_u8, 0..4_u64, 1..30_u64, any::<bool>()), 1..60)) {
        let mut everything: Vec<Item> = vec![(stamp(0, 9, 0), None, Operation::Grant { key: key(), to: node(0), amount: 100 })];
        let mut known: BTreeMap<u64, Vec<Item>> = (0..4).map(|k| (k, everything.clone())).collect();
        let mut clocks: BTreeMap<u64, (i64, u64)> = (0..4).map(|k| (k, (1, 0))).collect();
        for (author, what, to, amount, meets) in steps {
            if meets && to != author {
                let (mine, theirs) = (known[&author].clone(), known[&to].clone());
                for (who, news) in [(author, theirs), (to, mine)] {
                    let latest = news.iter().map(|item| item.0.time.at.as_ms()).max().unwrap_or(0);
                    let clock = clocks.get_mut(&who).unwrap();
                    clock.0 = clock.0.max(latest);
                    let here = known.get_mut(&who).unwrap();
                    for item in news {
                        if !here.iter().any(|known| known.0 == item.0) {
                            here.push(item);
                        }
                    }
                }
            }
            let right = by_definition(&known[&author], END).0.account(&key()).map_or(0, |account| account.right_of(&node(author)));
            let amount = amount.min(right);
            let clock = clocks.get_mut(&author).unwrap();
            clock.0 += 1;
            let operation = match what {
                0 => Operation::Transfer { key: key(), to: node(to), amount },
                _ => Operation::Spend { key: key(), amount },
            };
            let item = (stamp(clock.0, author, clock.1), None, operation);
            clock.1 += 1;
            known.get_mut(&author).unwrap().push(item.clone());
            everything.push(item);
        }
        let (state, notices) = by_definition(&everything, END);
        prop_assert_eq!(notices, vec![]);
        let account = state.account(&key()).unwrap();
        prop_assert!(account.spent() <= 100);
        let rights: u128 = (0..4).map(|k| u128::from(account.right_of(&node(k)))).sum();
        prop_assert_eq!(account.spent() + rights, account.granted());
    }
}

#[test]
fn the_last_writer_wins_and_who_did_not_see_it_is_told() {
    let write = |value: &[u8], over| Operation::Write { key: key(), value: value.to_vec(), over };
    let (first, second) = (stamp(1, 1, 0), stamp(2, 2, 0));
    let (state, notices) = apply(&[(first, write(b"a", None)), (second, write(b"b", Some(first.id)))]);
    assert_eq!(state.register(&key()).unwrap().value(), Some(&b"b"[..]));
    assert_eq!(notices, [], "it saw what it put aside");
    let (_, notices) = apply(&[(first, write(b"a", None)), (second, write(b"b", None))]);
    assert_eq!(notices, [Notice::Overwritten { key: key(), winner: second.id, loser: first.id }]);
}

#[test]
fn an_addition_wins_over_a_removal_that_had_not_seen_it() {
    let add = || Operation::Add { key: key(), element: b"e".to_vec() };
    let (mine, yours, removal) = (stamp(1, 1, 0), stamp(2, 2, 0), stamp(3, 1, 1));
    let remove = |seen: Vec<EntryId>| Operation::Remove { key: key(), element: b"e".to_vec(), seen };
    let (state, notices) = apply(&[(mine, add()), (yours, add()), (removal, remove(vec![mine.id]))]);
    assert!(state.set(&key()).unwrap().contains(b"e"));
    assert_eq!(notices, [Notice::Kept { key: key(), element: b"e".to_vec(), removal: removal.id, by: yours.id }]);
    let mut both = [mine.id, yours.id];
    both.sort();
    let (state, notices) = apply(&[(mine, add()), (yours, add()), (removal, remove(both.to_vec()))]);
    assert_eq!((state.set(&key()), notices), (None, vec![]), "whoever saw both takes both out");
}

#[test]
fn a_command_goes_its_way_and_what_happened_happened() {
    let (issue, ack, done) = (stamp(10, 1, 0), stamp(20, 2, 0), stamp(30, 2, 1));
    let later = stamp(25, 1, 1);
    let command = issue.id;
    let phase = |items: &[(Stamp, Operation)], at| {
        let (state, notices) = apply(items);
        (state.command(&command).unwrap().phase(MissionTime(at)), notices)
    };
    let issued = (issue, Operation::Issue { over: None });
    let acknowledged = (ack, Operation::Acknowledge { command });
    let executed = (done, Operation::Execute { command });
    let superseded = (later, Operation::Issue { over: Some(command) });
    let path = [issued.clone(), acknowledged.clone(), executed.clone()];
    for (count, expected) in [(1, Phase::Issued), (2, Phase::Acknowledged), (3, Phase::Executed)] {
        assert_eq!(phase(&path[..count], 99), (expected, vec![]));
    }
    let out_of_turn = |by, from, to| vec![Notice::OutOfTurn { command, by, from, to }];
    assert_eq!(
        phase(&[issued.clone(), superseded.clone(), executed.clone()], 99),
        (Phase::Executed, out_of_turn(done.id, Phase::Superseded, Phase::Executed)),
        "it was carried out before the word that it should not be arrived"
    );
    let too_late = (stamp(40, 1, 1), Operation::Issue { over: Some(command) });
    assert_eq!(
        phase(&[issued.clone(), executed, too_late.clone()], 99),
        (Phase::Executed, out_of_turn(too_late.0.id, Phase::Executed, Phase::Superseded))
    );
    let mut state = State::default();
    state.apply(issue, Some(MissionTime(50)), &issued.1);
    assert_eq!(state.command(&command).unwrap().phase(MissionTime(49)), Phase::Issued);
    assert_eq!(state.command(&command).unwrap().phase(MissionTime(50)), Phase::Expired, "the reader judges");
    let after = stamp(60, 2, 0);
    assert_eq!(
        state.apply(after, None, &acknowledged.1),
        Some(Notice::OutOfTurn { command, by: after.id, from: Phase::Expired, to: Phase::Acknowledged })
    );
    let unknown = stamp(70, 2, 1);
    let nobody = id(3, 9);
    assert_eq!(
        state.apply(unknown, None, &Operation::Execute { command: nobody }),
        Some(Notice::Unknown { command: nobody, by: unknown.id })
    );
}

#[test]
fn the_latest_forecast_counts_where_it_is_valid() {
    let say = |from, until, value: &[u8]| Operation::Foretell {
        key: key(),
        from: MissionTime(from),
        until: MissionTime(until),
        value: value.to_vec(),
    };
    let (state, _) = apply(&[
        (stamp(1, 1, 0), say(0, 100, b"dust")),
        (stamp(2, 1, 1), say(20, 40, b"storm")),
        (stamp(3, 2, 0), say(30, 60, b"clear")),
        (stamp(4, 2, 1), say(20, 45, b"wind")),
    ]);
    let forecasts = state.forecasts(&key()).unwrap();
    let at = |ms| forecasts.at(MissionTime(ms)).map(|forecast| forecast.value.as_slice());
    for (ms, expected) in
        [(-1, None), (0, Some(&b"dust"[..])), (20, Some(b"wind")), (44, Some(b"wind")), (45, Some(b"clear"))]
    {
        assert_eq!(at(ms), expected, "at {ms}");
    }
    assert_eq!((at(60), at(100)), (Some(&b"dust"[..]), None));
    assert_eq!(forecasts.iter().count(), 3, "the storm is covered by the wind");
}

#[test]
fn what_is_ahead_of_its_time_waits_and_a_fork_takes_back_what_followed_it() {
    let count = |by| Operation::Count { key: key(), by };
    let mut fold = Fold::new();
    fold.insert(stamp(10, 1, 0), None, count(1));
    fold.insert(stamp(2_000, 1, 1), None, count(10));
    fold.insert(stamp(20, 2, 0), None, count(100));
    assert_eq!(fold.state(MissionTime(1_000)).counter(&key()), 101);
    assert_eq!(fold.state(MissionTime(2_000)).counter(&key()), 111, "its time has come");
    fold.quarantine(&id(1, 0).log, 1);
    assert_eq!(fold.state(END).counter(&key()), 101);
    fold.quarantine(&id(2, 0).log, 0);
    assert_eq!(fold.state(END).counter(&key()), 1);
}

#[test]
fn operations_out_of_bounds_are_not_written() {
    let long = vec![0; KEY_BYTES_MAX + 1];
    let count = Operation::Count { key: long, by: 1 };
    assert_eq!(count.encode(), Err(CodecError::TooLong { bytes: KEY_BYTES_MAX + 1 }));
    let never = Operation::Foretell { key: key(), from: MissionTime(5), until: MissionTime(5), value: vec![] };
    assert_eq!(never.encode(), Err(CodecError::Contradiction));
    let twice = Operation::Remove { key: key(), element: vec![], seen: vec![id(1, 1), id(1, 1)] };
    assert_eq!(twice.encode(), Err(CodecError::Order));
}

#[test]
fn a_long_history_and_a_late_word_come_to_the_same() {
    let items: Vec<Item> = (0..5_000_u64)
        .map(|k| (stamp(k as i64 * 2, k % 7, k / 7), None, Operation::Count { key: key(), by: k as i64 }))
        .collect();
    let mut fold = fold(&items);
    fold.state(END);
    let late = (stamp(4_001, 8, 0), None, Operation::Write { key: key(), value: b"late".to_vec(), over: None });
    fold.insert(late.0, late.1, late.2.clone());
    let all = [items.as_slice(), &[late]].concat();
    assert_eq!(seen(&mut fold, END), by_definition(&all, END));
    assert_eq!(seen(&mut fold, MissionTime(4_000)), by_definition(&all, MissionTime(4_000)));
}

/// The hash of one state, so that no change of the encoding goes unseen.
#[test]
fn the_digest_of_a_small_state_is_what_it_was() {
    let who: NodeId = node(1);
    let (state, _) = apply(&[
        (stamp(1, 1, 0), Operation::Write { key: key(), value: b"v".to_vec(), over: None }),
        (stamp(2, 1, 1), Operation::Grant { key: key(), to: who, amount: 7 }),
        (stamp(3, 1, 2), Operation::Issue { over: None }),
    ]);
    assert_eq!(
        state.digest(&TestHasher).to_string(),
        "8cb169256bca7866af20857e6253ba8d0ee4855d1fc644ca6368d343ba1a3ea4"
    );
}

/// States of many small things, which cost the most memory for their length.
#[test]
fn reading_a_state_costs_at_most_four_times_its_length() {
    let key = |k: u64| (k as u16).to_be_bytes().to_vec();
    type Make = fn(Vec<u8>, u64) -> Operation;
    let kinds: [(&str, Make); 8] = [
        ("registers", |key, _| Operation::Write { key, value: vec![], over: None }),
        ("sets of one", |key, _| Operation::Add { key, element: vec![] }),
        ("one set", |key, _| Operation::Add { key: vec![], element: key }),
        ("counters", |key, k| Operation::Count { key, by: k as i64 }),
        ("accounts of one", |key, k| Operation::Grant { key, to: node(k % 5), amount: 1 }),
        ("one account", |_, k| Operation::Grant { key: vec![], to: node(k), amount: 1 }),
        ("commands", |_, _| Operation::Issue { over: None }),
        ("forecasts of one", |key, k| Operation::Foretell {
            key,
            from: MissionTime(k as i64),
            until: MissionTime(k as i64 + 1),
            value: vec![],
        }),
    ];
    for (name, operation) in kinds {
        let mut state = State::default();
        for k in 0..20_000_u64 {
            state.apply(stamp(k as i64, 1, k), None, &operation(key(k), k));
        }
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        let mut read = None;
        let cost = allocation_counter::measure(|| read = State::decode(&bytes).ok());
        assert_eq!(read, Some(state), "{name}");
        let bound = 4 * bytes.len() as u64 + (64 << 10);
        assert!(cost.bytes_max <= bound, "{name}: {} B for {} B", cost.bytes_max, bytes.len());
    }
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    // No registers, sets, counters; one account without a key that says it was granted 2, spent 1, and has a right of 2.
    let account = |granted: u8, right: u8| {
        let mut bytes = vec![0, 0, 0, 1, 0];
        bytes.extend([[0; 15].as_slice(), &[granted], &[0; 15], &[1], &[1], &[7; 32], &[right]].concat());
        bytes.extend([0, 0, 0]);
        bytes
    };
    assert!(State::decode(&account(3, 2)).is_ok());
    assert_eq!(State::decode(&account(2, 2)), Err(CodecError::Contradiction), "rights out of nothing");
    let forecast = |spans: &[(u8, u8)]| {
        let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, spans.len() as u8];
        for (from, until) in spans {
            bytes.extend([1; 32]);
            // Epoch, topic and sequence number, then the span in zigzag and an empty value.
            bytes.extend([0, 0, 0, from * 2, until * 2, 0]);
        }
        bytes.push(0);
        bytes
    };
    for (spans, good) in [
        (&[(1, 5), (2, 4)][..], true),
        (&[(2, 4), (1, 5)], false),
        (&[(2, 4), (2, 4)], false),
        (&[(1, 3), (2, 4), (3, 9)], true),
        (&[(3, 4), (1, 3), (2, 5)], false),
        (&[(4, 4)], false),
        (&[], false),
    ] {
        assert_eq!(State::decode(&forecast(spans)).is_ok(), good, "{spans:?}");
    }
}
