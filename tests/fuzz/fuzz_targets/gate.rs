//! Any bytes as what two bench executables say over their sockets: each message is heard or
//! refused, however it is cut, and what both sides come to in a round can be judged and stored.

#![no_main]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use t5_gate::{
    config::BenchRules,
    perf::{self, BenchId, Order, Round, Rule, Stage},
    receipt::{decode_rounds, encode_rounds},
    runner::gate::{
        duel::{Duel, Played},
        message::{MessageError, announced, answered},
        side::Side,
    },
    sandbox::Cancel,
};

/// What a side says at most: the requests that it never reads have to fit into its socket.
const SAID: usize = 1400;
/// As many rounds as the first look takes.
const ROUNDS: u32 = 6;

fuzz_target!(|bytes: &[u8]| {
    one_by_one(bytes);
    // What the base says is as long as the first two bytes tell; the rest is the head's.
    let Some((length, said)) = bytes.split_first_chunk() else { return };
    let length = usize::from(u16::from_le_bytes(*length)).min(said.len());
    let (base, head) = said.split_at(length);
    together(base, head);
});

/// Reads one byte at a time, as a socket may.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

/// Every message, by itself.
fn one_by_one(bytes: &[u8]) {
    let (mut whole, mut trickle) = (bytes, Trickle(bytes));
    loop {
        let (heard, again) = (announced(&mut whole), announced(&mut trickle));
        match (heard, again) {
            (Ok(Some(heard)), Ok(Some(again))) => {
                assert_eq!(heard, again);
                assert!(heard.id.len() <= 512 && !heard.id.contains(char::is_control));
            }
            (Ok(None), Ok(None)) => break,
            (Err(heard), Err(again)) => {
                assert_eq!(broken(&heard), broken(&again));
                break;
            }
            (heard, again) => panic!("{heard:?} and {again:?} of the same bytes"),
        }
    }
    let mut rest = bytes;
    while let Ok(time) = answered(&mut rest) {
        assert!(time.is_finite() && time > 0.0);
    }
}

fn broken(error: &MessageError) -> bool {
    matches!(error, MessageError::Broken(_))
}

/// Both sides in a round, as the runner has them.
fn together(base: &[u8], head: &[u8]) {
    let (base, base_peer) = side(base);
    let (head, head_peer) = side(head);
    let asked = std::cell::RefCell::new(BTreeSet::new());
    let wanted = |id: &str| {
        asked.borrow_mut().insert(id.to_owned());
        !id.starts_with('-')
    };
    let round =
        Duel { base, head }.play(&wanted, &mut BTreeMap::new(), &mut fastrand::Rng::with_seed(1));
    drop((base_peer, head_peer));
    for (id, played) in round.played {
        assert!(asked.borrow().contains(&id) && !id.starts_with('-'), "nobody asked for {id}");
        if let Ok(played) = played {
            judged(&id, &played);
        }
    }
}

/// A side that has said all that it ever will, and the other end, which is there to be written to.
fn side(said: &[u8]) -> (Side, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(&said[..said.len().min(SAID)]).unwrap();
    theirs.shutdown(Shutdown::Write).unwrap();
    (Side::new(ours, None, Duration::from_secs(10), &Cancel::default()).unwrap(), theirs)
}

fn judged(id: &str, played: &Played) {
    let bench = BenchId { package: "p".to_owned(), target: "t".to_owned(), id: id.to_owned() };
    let round = |round| Round {
        bench: bench.clone(),
        round,
        order: Order::BaseFirst,
        base: played.base.clone(),
        head: played.head.clone(),
        turns: played.turns.clone(),
        stage: Stage::First,
        seen: played.seen,
    };
    let rounds: Vec<Round> = (0..ROUNDS).map(round).collect();
    assert_eq!(decode_rounds(&encode_rounds(&rounds).unwrap()).unwrap(), rounds);
    let mut pair = perf::pair(bench, &rounds, &Rule::new(&BenchRules::default(), 1), 1);
    pair.throughput = played.throughput;
    let written = serde_json::to_string(&pair).unwrap();
    assert_eq!(serde_json::from_str::<perf::Pair>(&written).unwrap(), pair);
}
