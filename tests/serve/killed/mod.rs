//! The server is killed the hard way, at any moment and again and again, or asked to end in the
//! middle of a run. GitHub and its people live on.

mod after;
mod life;
mod people;
mod secrets;
mod shutdown;
mod story;

use std::time::{Duration, Instant};

use self::story::Story;
use crate::support::bench_double::crate_with;

/// So often, unless `T5_KILLS` says otherwise.
const KILLS: u64 = 10;
/// With this, unless `T5_SEED` says otherwise.
const SEED: u64 = 0x7E57_5EED;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_however_often_the_server_is_killed() {
    let (kills, seed) = (number("T5_KILLS", KILLS), number("T5_SEED", SEED));
    eprintln!("T5_KILLS={kills} T5_SEED={seed}");
    let started = Instant::now();
    let mut story = Story::of(crate_with(&[("add", 100.0)]), seed);

    // How long does one pull request take, from its delivery to the last word about it? The very
    // first takes longer.
    let mut life = story.begin();
    life.until("listening").await;
    let mut typical = Duration::ZERO;
    for _ in 0..2 {
        story.people.open();
        let from = Instant::now();
        story.come_to_rest(&mut life).await;
        typical = from.elapsed();
    }
    life.kill();

    for _ in 0..kills {
        story.live_and_be_killed(typical + Duration::from_secs(1)).await;
    }

    let mut life = story.begin();
    life.until("listening").await;
    story.come_to_rest(&mut life).await;
    assert_eq!(life.terminate(), Some(0));
    let found = after::look(&story).await;
    let stayed = story.processes();
    assert!(stayed.is_empty(), "{stayed:#?}");
    eprintln!(
        "killed {kills} times (before it listened: {}) in {:.0?}, a job takes {typical:.1?}; \
         leases taken back: {}, servers that found processes left behind: {}; {found}",
        story.killed_at_start,
        started.elapsed(),
        story.log.count("a runner went silent"),
        story.log.count("killed what an earlier run left behind"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_killed_is_made_good_by_the_next() {
    let (kills, seed) = (number("T5_KILLS", KILLS), number("T5_SEED", SEED));
    eprintln!("T5_KILLS={kills} T5_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let story = Story::of(crate_with(&[("add", 100.0)]), seed);
    for _ in 0..kills {
        let _ = std::fs::remove_dir_all(story.data());
        let life = story.begin();
        tokio::time::sleep(Duration::from_micros(random.u64(0..60_000))).await;
        life.kill();
        let mut life = story.begin();
        life.until("listening").await;
    }
}
