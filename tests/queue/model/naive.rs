//! The queue as plain lists: what the database has to agree with.

use std::collections::{BTreeMap, BTreeSet};

use t5_gate::queue::{Accepted, Ended, JobState};

/// A job, as far as it matters here.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub pull: u64,
    pub head: u64,
    pub priority: i64,
    pub comment: Option<u64>,
    pub state: JobState,
    pub ended: Option<Ended>,
    pub attempts: u32,
    pub runner: Option<u8>,
    pub lease: Option<String>,
    pub until: i64,
}

/// A target.
#[derive(Clone, Debug, Default)]
pub struct Target {
    pub pull: u64,
    pub version: u64,
    pub due: bool,
    pub place: u64,
    pub attempts: u32,
    pub next: i64,
}

/// Where a delivery stands: its body, and whether it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub body: u8,
    pub waits: bool,
}

#[derive(Debug, Default)]
pub struct Naive {
    pub deliveries: BTreeMap<u8, Delivery>,
    pub seen: BTreeSet<u8>,
    pub jobs: Vec<Job>,
    pub targets: BTreeMap<String, Target>,
    pub runs: usize,
    places: u64,
}

impl Naive {
    pub fn accept(&mut self, guid: u8, body: u8) -> Accepted {
        match self.deliveries.get(&guid) {
            None => {
                self.deliveries.insert(guid, Delivery { body, waits: true });
                Accepted::Stored
            }
            Some(known) if known.body == body => Accepted::Known,
            Some(_) => Accepted::Conflict,
        }
    }

    /// A delivery is acted on; false if it did not wait.
    pub fn settle(&mut self, guid: u8) -> bool {
        match self.deliveries.get_mut(&guid) {
            Some(delivery) => std::mem::take(&mut delivery.waits),
            None => false,
        }
    }

    pub fn live(&self, pull: u64) -> Option<usize> {
        self.jobs.iter().position(|job| job.pull == pull && job.state != JobState::Over)
    }

    /// Whether the job is stored, and the job that it stopped.
    pub fn enqueue(&mut self, new: Job, again: bool, now: i64) -> (bool, Option<String>) {
        let live = self.live(new.pull);
        let of_pull = self.jobs.iter().rev().filter(|job| job.pull == new.pull);
        let mut since = of_pull.take_while(|job| job.head == new.head);
        let gated = |job: &Job| !matches!(job.ended, Some(Ended::Cancelled | Ended::Superseded));
        if !again && since.any(gated) {
            return (false, None);
        }
        let stopped = live.and_then(|live| self.end(live, Ended::Superseded, now));
        self.tell(&new, now);
        self.jobs.push(new);
        (true, stopped)
    }

    /// Ends a job; its id if a runner had it.
    pub fn end(&mut self, at: usize, ended: Ended, now: i64) -> Option<String> {
        let job = &mut self.jobs[at];
        let leased = (job.state == JobState::Leased).then(|| job.id.clone());
        (job.state, job.ended) = (JobState::Over, Some(ended));
        (job.lease, job.runner) = (None, None);
        let job = job.clone();
        self.tell(&job, now);
        let content = match ended {
            Ended::Judged => "rocket",
            Ended::Error | Ended::TimedOut => "confused",
            Ended::Superseded | Ended::Cancelled => return leased,
        };
        if let Some(comment) = job.comment {
            self.due(format!("reaction/{comment}/{content}"), job.pull, now);
        }
        leased
    }

    pub fn approve(&mut self, pull: u64, head: u64, now: i64) -> Option<String> {
        let at = self.live(pull)?;
        let job = &mut self.jobs[at];
        if job.state != JobState::Held || job.head != head {
            return None;
        }
        job.state = JobState::Queued;
        let job = job.clone();
        self.tell(&job, now);
        Some(job.id)
    }

    /// The job that is to be leased next.
    pub fn next(&self) -> Option<usize> {
        let queued = |(at, job): (usize, &Job)| {
            (job.state == JobState::Queued).then_some((-job.priority, at))
        };
        self.jobs.iter().enumerate().filter_map(queued).min().map(|(_, at)| at)
    }

    /// The job that a lease counts for.
    pub fn held_by(&self, lease: &str) -> Option<usize> {
        self.jobs.iter().position(|job| job.lease.as_deref() == Some(lease))
    }

    pub fn requeue(&mut self, at: usize, undone: u32, now: i64) {
        let job = &mut self.jobs[at];
        job.state = JobState::Queued;
        (job.lease, job.runner) = (None, None);
        job.attempts -= undone;
        let job = job.clone();
        self.tell(&job, now);
    }

    /// Makes due what shows a job.
    pub fn tell(&mut self, job: &Job, now: i64) {
        let (id, pull) = (&job.id, job.pull);
        let mut keys = vec![format!("check/{id}"), format!("sticky/{pull}")];
        if job.state == JobState::Over {
            keys.push(format!("label/{pull}"));
        }
        keys.push(format!("status/{id}"));
        if job.ended == Some(Ended::Judged) {
            keys.push(format!("sarif/{id}"));
        }
        for key in keys {
            self.due(key, pull, now);
        }
    }

    fn due(&mut self, key: String, pull: u64, now: i64) {
        self.places += 1;
        let target = self.targets.entry(key).or_default();
        target.version += 1;
        target.pull = pull;
        target.attempts = 0;
        if !target.due {
            (target.due, target.place, target.next) = (true, self.places, now);
        }
    }

    /// The first due target of each lane, where it may be tried now: key, version, attempts.
    pub fn due_now(&self, now: i64) -> Vec<(String, u64, u32)> {
        let mut first: BTreeMap<u64, (&String, &Target)> = BTreeMap::new();
        for (key, target) in self.targets.iter().filter(|(_, target)| target.due) {
            let slot = first.entry(target.pull).or_insert((key, target));
            if target.place < slot.1.place {
                *slot = (key, target);
            }
        }
        let mut due: Vec<_> = first.into_values().filter(|(_, due)| due.next <= now).collect();
        due.sort_by_key(|(_, target)| target.place);
        due.into_iter().map(|(key, due)| (key.clone(), due.version, due.attempts)).collect()
    }
}
