//! Whatever happens in whatever order, the database agrees with plain lists, and what must never
//! happen does not.

mod naive;

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use t5_gate::{
    github::webhook::Verified,
    queue::{
        Due, Effect, Ended, Finish, Heard, JobState, Phase, Progress, Published, Reaped, Settled,
        Store as _, Subject, Waiting,
    },
};

use self::naive::Naive;
use super::world::{Mint, REPO, World, at, done, judged, rerun, stranger};

const CASES: u32 = 32;
const STEPS: usize = 50;
const GUIDS: u8 = 24;
const CAP: u32 = 3;
const LEASE: i64 = 20;

#[derive(Clone, Debug)]
enum Step {
    Accept { guid: u8, body: u8 },
    Settle { guid: u8, acts: Vec<Act> },
    Postpone { guid: u8 },
    Lease { runner: u8 },
    Beat { lease: usize },
    Finish { lease: usize, judged: bool },
    HandBack { lease: usize },
    Reap { restarted: Option<u8> },
    Advance { seconds: i64 },
    Publish { nth: usize, how: u8 },
    End { nth: usize },
    Restart,
}

#[derive(Clone, Debug)]
enum Act {
    Once(u8),
    Enqueue { pull: u64, head: u64, priority: i64, again: bool, held: bool },
    Cancel { pull: u64 },
    Approve { pull: u64, head: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let job = (0..3_u64, 0..3_u64, 0..3_i64, any::<bool>(), prop::bool::weighted(0.3));
    prop_oneof![
        1 => (0..4_u8).prop_map(Act::Once),
        6 => job.prop_map(|(pull, head, priority, again, held)| {
            Act::Enqueue { pull, head, priority, again, held }
        }),
        1 => (0..3_u64).prop_map(|pull| Act::Cancel { pull }),
        2 => (0..3_u64, 0..3_u64).prop_map(|(pull, head)| Act::Approve { pull, head }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let guid = || 0..GUIDS;
    // Counted from the newest: what comes late is likelier to be a little late than very late.
    let lease = || prop_oneof![3 => Just(0), 1 => 1..4_usize];
    let acts = prop::collection::vec(act(), 0..3);
    prop_oneof![
        3 => (guid(), 0..2_u8).prop_map(|(guid, body)| Step::Accept { guid, body }),
        8 => (guid(), acts).prop_map(|(guid, acts)| Step::Settle { guid, acts }),
        1 => guid().prop_map(|guid| Step::Postpone { guid }),
        5 => (0..3_u8).prop_map(|runner| Step::Lease { runner }),
        3 => lease().prop_map(|lease| Step::Beat { lease }),
        3 => (lease(), any::<bool>()).prop_map(|(lease, judged)| Step::Finish { lease, judged }),
        1 => lease().prop_map(|lease| Step::HandBack { lease }),
        3 => prop::option::weighted(0.3, 0..3_u8).prop_map(|restarted| Step::Reap { restarted }),
        3 => (1..15_i64).prop_map(|seconds| Step::Advance { seconds }),
        8 => (0..4_usize, 0..8_u8).prop_map(|(nth, how)| Step::Publish { nth, how }),
        1 => (0..4_usize).prop_map(|nth| Step::End { nth }),
        1 => Just(Step::Restart),
    ]
}

/// The database and the lists side by side.
struct Pair {
    world: World,
    naive: Naive,
    now: i64,
    /// Every lease that was ever given, with its job, the oldest first.
    leases: Vec<(String, String)>,
    /// What was due when somebody last looked: it may have changed since.
    seen: Vec<Due>,
    stored: u64,
}

impl Pair {
    async fn take(&mut self, step: Step, minted: &BTreeMap<(u8, u8), Verified>) {
        match step {
            Step::Accept { guid, body } => self.accept(guid, body, minted).await,
            Step::Settle { guid, acts } => {
                // A delivery that never came is no delivery: let it come first.
                if !self.naive.deliveries.contains_key(&guid) {
                    self.accept(guid, 0, minted).await;
                }
                self.settle(guid, acts).await;
            }
            Step::Postpone { guid } => {
                let again = Some(at(self.now));
                self.world.store.postpone(&name(guid), "later", again).await.unwrap();
            }
            Step::Lease { runner } => self.lease(runner).await,
            Step::Beat { lease } => self.beat(lease).await,
            Step::Finish { lease, judged } => self.finish(lease, judged).await,
            Step::HandBack { lease } => self.hand_back(lease).await,
            Step::Reap { restarted } => self.reap(restarted).await,
            Step::Advance { seconds } => self.now += seconds,
            Step::Publish { nth, how } => self.publish(nth, how).await,
            Step::End { nth } => self.end(nth).await,
            Step::Restart => {}
        }
    }

    async fn accept(&mut self, guid: u8, body: u8, minted: &BTreeMap<(u8, u8), Verified>) {
        let delivery = minted[&(guid, body)].clone();
        let accepted = self.world.store.accept(delivery, at(self.now)).await.unwrap();
        assert_eq!(accepted, self.naive.accept(guid, body));
    }

    async fn settle(&mut self, guid: u8, acts: Vec<Act>) {
        let waited = self.naive.settle(guid);
        let mut expected = Settled { repeated: !waited, ..Settled::default() };
        let mut effects = Vec::new();
        for act in acts {
            let (effect, job) = self.effect(&act);
            effects.push(effect);
            if !expected.repeated {
                self.act(&act, job, &mut expected);
            }
        }
        let now = at(self.now);
        let settled = self.world.store.settle(&name(guid), "acted", effects, now).await.unwrap();
        assert_eq!(settled, expected);
    }

    fn effect(&mut self, act: &Act) -> (Effect, Option<naive::Job>) {
        match *act {
            Act::Once(key) => (Effect::Once(key.to_string()), None),
            Act::Cancel { pull } => {
                let (ended, note) = (Ended::Cancelled, "closed".to_owned());
                (Effect::Cancel { repo: REPO, subject: Subject::Pull(pull), ended, note }, None)
            }
            Act::Approve { pull, head } => {
                let (head, by) = (head.to_string(), "maintainer".to_owned());
                (Effect::Approve { repo: REPO, pull, head, by, then: Waiting::Nothing }, None)
            }
            Act::Enqueue { pull, head, priority, again, held } => {
                self.stored += 1;
                let (id, comment) = (format!("j{}", self.stored), self.stored);
                let mut job = if held {
                    stranger(&id, pull, &head.to_string())
                } else {
                    rerun(&id, pull, &head.to_string(), comment)
                };
                (job.priority, job.again) = (priority, again);
                let naive = naive::Job {
                    id,
                    pull,
                    head,
                    priority,
                    comment: job.asked.comment,
                    state: if held { JobState::Held } else { JobState::Queued },
                    ended: None,
                    attempts: 0,
                    runner: None,
                    lease: None,
                    until: 0,
                };
                (Effect::Enqueue(Box::new(job)), Some(naive))
            }
        }
    }

    fn act(&mut self, act: &Act, job: Option<naive::Job>, expected: &mut Settled) {
        match *act {
            Act::Once(key) => expected.repeated = !self.naive.seen.insert(key),
            Act::Cancel { pull } => {
                let live = self.naive.live(pull);
                let ended = |live| self.naive.end(live, Ended::Cancelled, self.now);
                expected.stopped.extend(live.and_then(ended));
            }
            Act::Approve { pull, head } => {
                expected.approved.extend(self.naive.approve(pull, head, self.now));
            }
            Act::Enqueue { again, .. } => {
                let job = job.expect("a job goes with it");
                let id = job.id.clone();
                let (stored, stopped) = self.naive.enqueue(job, again, self.now);
                expected.enqueued.extend(stored.then_some(id));
                expected.stopped.extend(stopped);
            }
        }
    }

    async fn lease(&mut self, runner: u8) {
        let (by, now, until) = (name(runner), at(self.now), at(self.now + LEASE));
        let leased = self.world.store.lease(&by, now, until).await.unwrap();
        let next = self.naive.next();
        assert_eq!(
            leased.as_ref().map(|job| &job.job.id),
            next.map(|next| &self.naive.jobs[next].id)
        );
        let (Some(job), Some(next)) = (leased, next) else { return };
        let lease = job.lease.expect("a leased job has a lease");
        assert!(self.leases.iter().all(|(_, known)| *known != lease), "a lease is given once");
        self.leases.push((job.job.id, lease.clone()));
        let naive = &mut self.naive.jobs[next];
        naive.state = JobState::Leased;
        naive.attempts += 1;
        (naive.runner, naive.lease, naive.until) = (Some(runner), Some(lease), self.now + LEASE);
        let naive = naive.clone();
        self.naive.tell(&naive, self.now);
    }

    fn nth_lease(&self, nth: usize) -> Option<(String, String, Option<usize>)> {
        let (job, lease) = self.leases.iter().rev().nth(nth)?;
        Some((job.clone(), lease.clone(), self.naive.held_by(lease)))
    }

    async fn beat(&mut self, nth: usize) {
        let Some((job, lease, held)) = self.nth_lease(nth) else { return };
        // The first progress under a lease is another phase; the same again is none.
        let progress = Progress { phase: Phase::Build, what: String::new(), done: 0, total: 0 };
        let first = self.world.job(&job).await.progress.is_none();
        let (until, now) = (at(self.now + LEASE), at(self.now));
        let heard = self.world.store.heartbeat(&job, &lease, Some(progress), until, now).await;
        assert_eq!(heard.unwrap() == Heard::Continue, held.is_some());
        let Some(held) = held else { return };
        self.naive.jobs[held].until = self.now + LEASE;
        if first {
            let told = self.naive.jobs[held].clone();
            self.naive.tell(&told, self.now);
        }
    }

    async fn finish(&mut self, nth: usize, well: bool) {
        let Some((job, lease, held)) = self.nth_lease(nth) else { return };
        let finish = if well {
            let stored = self.world.job(&job).await;
            judged(&format!("r{}", self.naive.runs), &stored, 0, self.now)
        } else {
            Finish::Error("No disk.".to_owned())
        };
        let counted = self.world.store.finish(&job, &lease, finish, at(self.now)).await.unwrap();
        assert_eq!(counted, held.is_some(), "a result counts under its own lease alone");
        if let Some(held) = held {
            self.naive.runs += usize::from(well);
            let ended = if well { Ended::Judged } else { Ended::Error };
            self.naive.end(held, ended, self.now);
        }
    }

    async fn hand_back(&mut self, nth: usize) {
        let Some((job, lease, held)) = self.nth_lease(nth) else { return };
        self.world.store.hand_back(&job, &lease, at(self.now)).await.unwrap();
        if let Some(held) = held {
            self.naive.requeue(held, 1, self.now);
        }
    }

    async fn reap(&mut self, restarted: Option<u8>) {
        let mut expected = Vec::new();
        for at in 0..self.naive.jobs.len() {
            let job = self.naive.jobs[at].clone();
            let lost = job.until <= self.now || (restarted.is_some() && job.runner == restarted);
            if job.state != JobState::Leased || !lost {
                continue;
            }
            if job.attempts >= CAP {
                self.naive.end(at, Ended::TimedOut, self.now);
                expected.push(Reaped::TimedOut(job.id));
            } else {
                self.naive.requeue(at, 0, self.now);
                expected.push(Reaped::Requeued(job.id));
            }
        }
        let restarted = restarted.map(name);
        let reaped = self.world.store.reap(at(self.now), restarted.as_deref(), CAP).await;
        assert_eq!(reaped.unwrap(), expected);
    }

    /// Publishes something that was due a while ago, perhaps in an older version.
    async fn publish(&mut self, nth: usize, how: u8) {
        let Some(due) = self.seen.get(nth).cloned() else { return };
        let again = self.now + i64::from(how);
        let how = match how {
            0 => Published::GivenUp { why: "gone".to_owned() },
            1 | 2 => Published::Later { why: "502".to_owned(), at: at(again) },
            _ => done(None),
        };
        self.world.publish(&due, how.clone(), self.now).await;
        let target = self.naive.targets.get_mut(&due.target.key()).expect("it was due");
        let newest = target.version == due.version;
        match how {
            Published::Done { .. } => {
                target.due &= !newest;
                target.attempts = 0;
            }
            Published::GivenUp { .. } => target.due &= !newest,
            Published::Later { .. } if target.due => {
                target.attempts += u32::from(newest);
                target.next = again;
            }
            Published::Later { .. } => {}
        }
    }

    /// A job ends by itself, perhaps while its last change is being published.
    async fn end(&mut self, nth: usize) {
        let live: Vec<usize> = (0..3).filter_map(|pull| self.naive.live(pull)).collect();
        let Some(&live) = live.get(nth) else { return };
        let id = self.naive.jobs[live].id.clone();
        self.naive.end(live, Ended::Error, self.now);
        assert!(self.world.store.end(&id, Ended::Error, "stop", at(self.now)).await.unwrap());
    }

    async fn compare(&mut self) {
        self.compare_deliveries().await;
        self.compare_jobs().await;
        let due = self.world.due(self.now).await;
        let seen: Vec<_> =
            due.iter().map(|due| (due.target.key(), due.version, due.attempts)).collect();
        assert_eq!(seen, self.naive.due_now(self.now));
        // A publisher has what it saw before and what it sees now in hand.
        self.seen.truncate(2);
        self.seen.splice(0..0, due);
    }

    async fn compare_deliveries(&self) {
        let due = self.world.store.due_deliveries(at(self.now), 99).await.unwrap();
        let mut guids: Vec<&str> = due.iter().map(|due| due.verified.guid()).collect();
        guids.sort_unstable();
        let waiting = self.naive.deliveries.iter().filter(|(_, delivery)| delivery.waits);
        let mut expected: Vec<String> = waiting.map(|(guid, _)| name(*guid)).collect();
        expected.sort_unstable();
        assert_eq!(guids, expected);
        let all = self.world.store.deliveries(None, 99).await.unwrap();
        assert_eq!(all.len(), self.naive.deliveries.len(), "none is lost");
    }

    async fn compare_jobs(&self) {
        let mut jobs = self.world.store.jobs(999).await.unwrap();
        jobs.reverse();
        assert_eq!(jobs.len(), self.naive.jobs.len());
        let mut live = Vec::new();
        for (job, naive) in jobs.iter().zip(&self.naive.jobs) {
            assert_eq!(job.job.id, naive.id);
            assert_eq!((job.state, job.ended), (naive.state, naive.ended), "{}", naive.id);
            assert_eq!((job.attempts, &job.lease), (naive.attempts, &naive.lease));
            assert_eq!(job.runner, naive.runner.map(name));
            assert!(job.attempts <= CAP, "{} began {} times", naive.id, job.attempts);
            if job.state != JobState::Over {
                assert!(!live.contains(&job.job.subject), "two live jobs of one subject");
                live.push(job.job.subject.clone());
            }
        }
    }
}

fn name(number: u8) -> String {
    format!("n{number:02}")
}

async fn mint() -> BTreeMap<(u8, u8), Verified> {
    let mut mint = Mint::new().await;
    let mut minted = BTreeMap::new();
    for guid in 0..GUIDS {
        for body in 0..2 {
            minted.insert((guid, body), mint.delivery(&name(guid), &[body]).await);
        }
    }
    minted
}

async fn agree(steps: Vec<Step>, minted: &BTreeMap<(u8, u8), Verified>) {
    let mut pair = Pair {
        world: World::new().await,
        naive: Naive::default(),
        now: 0,
        leases: Vec::new(),
        seen: Vec::new(),
        stored: 0,
    };
    for step in steps {
        if matches!(step, Step::Restart) {
            pair.world = pair.world.reopened().await;
        }
        pair.take(step, minted).await;
        pair.compare().await;
    }
    finish_all(&mut pair).await;
}

/// In the end every job is over, and GitHub has heard of the last change of each.
async fn finish_all(pair: &mut Pair) {
    for pull in 0..3 {
        if let Some(live) = pair.naive.live(pull) {
            let id = pair.naive.jobs[live].id.clone();
            assert!(
                pair.world.store.end(&id, Ended::Cancelled, "end", at(pair.now)).await.unwrap()
            );
            pair.naive.end(live, Ended::Cancelled, pair.now);
        }
    }
    let later = pair.now + 99;
    let told = pair.world.publish_all(later).await;
    for (key, target) in &pair.naive.targets {
        assert_eq!(told.contains(key), target.due, "{key}");
    }
    assert!(pair.world.due(later).await.is_empty());
}

#[test]
fn any_sequence_of_steps_leaves_the_database_as_plain_lists_would_be() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let minted = runtime.block_on(mint());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let steps = prop::collection::vec(step(), STEPS..=STEPS);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let outcome = runner.run(&steps, |steps| {
        runtime.block_on(agree(steps, &minted));
        Ok(())
    });
    outcome.unwrap();
}
