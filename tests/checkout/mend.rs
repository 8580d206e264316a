//! A mirror that a killed process left behind.

use std::fs;

use t5_gate::runner::mirror::Mirror;

use super::place::{Place, look};
use crate::support::repository::Repository;

fn with_two_pull_requests() -> (Place, String, String, String) {
    let repository = Repository::new();
    let base = repository.write("one", "1").commit("Begin");
    let first = repository.write("two", "2").commit("Change");
    let second = repository.write("two", "3").commit("Change again");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&first, "refs/pull/12/head");
    place.put(&second, "refs/pull/13/head");
    (place, base, first, second)
}

#[tokio::test]
async fn stale_locks_and_half_a_pack_are_removed() {
    let (place, base, first, second) = with_two_pull_requests();
    let mirror = place.fetch(&place.pull(12, &first, &base)).await.unwrap();
    let left = [
        "config.lock",
        "HEAD.lock",
        "packed-refs.lock",
        "refs/t5/pull/13.lock",
        "refs/t5/pull/12.lock",
        "objects/pack/tmp_pack_AbCdEf",
        "objects/pack/tmp_idx_AbCdEf",
        "objects/tmp_objdir-incoming-x/pack/tmp_pack_x",
    ];
    for name in left {
        let path = mirror.dir().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "half").unwrap();
    }

    place.fetch(&place.pull(13, &second, &base)).await.unwrap();

    assert_eq!(look(&mirror, &["rev-parse", "refs/t5/pull/13"]), second);
    for name in left {
        assert!(!mirror.dir().join(name).exists(), "{name} is still there");
    }
}

#[tokio::test]
async fn what_cannot_be_mended_is_made_anew() {
    let (place, base, first, second) = with_two_pull_requests();
    let mirror = place.fetch(&place.pull(12, &first, &base)).await.unwrap();

    fs::remove_file(mirror.dir().join("HEAD")).unwrap();
    place.fetch(&place.pull(13, &second, &base)).await.unwrap();
    assert_eq!(look(&mirror, &["rev-parse", "refs/t5/pull/13"]), second);

    for entry in fs::read_dir(mirror.dir().join("objects/pack")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "pack") {
            let half = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, &half[..half.len() / 2]).unwrap();
        }
    }
    place.fetch(&place.pull(13, &second, &base)).await.unwrap();
    assert_eq!(look(&mirror, &["rev-list", "--objects", &second]).lines().count(), 9);
    look(&mirror, &["fsck", "--strict"]);
}

#[tokio::test]
async fn a_mirror_inside_another_repository_never_touches_that_one() {
    let (place, base, first, _) = with_two_pull_requests();
    let outer = place.server.bare("ada/outer");
    let mut ctx = place.context();
    ctx.cache = outer.join("cache");
    // What is left of a mirror is no repository, so git would look for one in the folders above.
    fs::create_dir_all(ctx.cache.join("mirrors/7.git/objects")).unwrap();

    let wanted = place.pull(12, &first, &base);
    let mirror = Mirror::fetch(&ctx, &wanted).await.unwrap();

    assert_eq!(look(&mirror, &["rev-parse", "refs/t5/pull/12"]), first);
    assert_eq!(place.server.git("ada/outer", &["for-each-ref"]), "");
}

#[tokio::test]
async fn two_jobs_of_one_repository_fetch_one_after_the_other() {
    let (place, base, first, second) = with_two_pull_requests();
    let (one, other) = (place.pull(12, &first, &base), place.pull(13, &second, &base));
    let (one, other) = tokio::join!(place.fetch(&one), place.fetch(&other));
    assert_eq!(one.unwrap(), other.unwrap());
}

#[tokio::test]
async fn whoever_asks_to_stop_is_heard_while_the_mirror_is_held() {
    let (place, base, first, _) = with_two_pull_requests();
    let home = place.cache().join("mirrors");
    fs::create_dir_all(&home).unwrap();
    let held = fs::File::create(home.join("7.lock")).unwrap();
    held.lock().unwrap();
    let ctx = place.context();
    let wanted = place.pull(12, &first, &base);
    let fetching = Mirror::fetch(&ctx, &wanted);
    tokio::pin!(fetching);
    assert!(still_waits(&mut fetching).await, "it goes on although the mirror is held");

    ctx.cancel.stop();
    assert_eq!(fetching.await.unwrap_err().to_string(), "cancelled");
}

/// Whether a future is still waiting when everything that is ready has been done.
async fn still_waits<F: Future + Unpin>(future: &mut F) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = tokio::time::sleep(std::time::Duration::from_millis(300)) => true,
    }
}
