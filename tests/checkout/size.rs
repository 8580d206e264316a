//! Commits that are larger than a disk, or than anything that is checked out.

use t5_gate::runner::checkout::{CheckoutError, Limits, TooLarge, measure};

use super::hostile::{Scene, blob, commit, names, object};

const LIMITS: Limits = Limits { entries: 4, bytes: 10_000, file_bytes: 6000 };

fn listing(sizes: &[&str]) -> Vec<u8> {
    let name = "0123456789".repeat(4);
    let line = |(at, size): (usize, &&str)| match *size {
        "-" => format!("040000 tree {name}       -\tfolder {at}\0"),
        size => format!("100644 blob {name} {size:>7}\tfile\u{1b}{at}\0"),
    };
    sizes.iter().enumerate().map(line).collect::<String>().into_bytes()
}

#[test]
fn files_and_folders_are_counted_by_the_blocks_that_they_take() {
    let taken = |sizes: &[&str]| measure(&listing(sizes), LIMITS);

    assert_eq!(taken(&[]), Ok(0));
    assert_eq!(taken(&["-", "0", "4096", "4097"]), Ok(5 * 4096));
    assert_eq!(taken(&["BAD"]), Ok(4096), "what is not there git tells itself");
}

#[test]
fn more_than_is_checked_out_is_refused_with_what_to_do() {
    for (sizes, refused, said) in [
        (
            ["-", "1", "-", "1", "1"].as_slice(),
            TooLarge::Entries { limit: 4 },
            "more than 4 files and folders, the most that are checked out; remove generated",
        ),
        (
            &["6000", "4001"],
            TooLarge::Bytes { limit: 10_000 },
            "together, the most that is checked out; keep large data outside",
        ),
        (
            &["1", "6001"],
            TooLarge::File { path: "file 1".to_owned(), bytes: 6001, limit: 6000 },
            "its file «file 1» has 0 MiB, and at most 0 are checked out; keep large data outside",
        ),
    ] {
        let error = measure(&listing(sizes), LIMITS).unwrap_err();

        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error, refused);
    }
    let huge = measure(&listing(&["9223372036854775808"; 3]), Limits::default());
    assert!(matches!(huge, Err(TooLarge::File { .. })), "{huge:?}");
}

/// A commit of `wide` × `wide` × `wide` entries that are one and the same, in a few objects.
fn bomb(scene: &Scene, entry: &str, wide: usize) -> String {
    let mut entry = entry.to_owned();
    for _ in 0..3 {
        let all: String = (0..wide).map(|at| format!("{entry}\tentry-{at:03}\n")).collect();
        let folder = object(&scene.repository, &["mktree"], all.as_bytes());
        entry = format!("040000 tree {folder}");
    }
    commit(&scene.repository, entry.rsplit(' ').next().unwrap())
}

#[tokio::test]
async fn a_commit_that_unfolds_to_half_a_million_entries_is_never_written() {
    let scene = Scene::new();
    let good = scene.repository.write("file", "x").commit("Begin");
    let file = format!("100644 blob {}", blob(&scene.repository, b"x"));
    let empty = format!("040000 tree {}", object(&scene.repository, &["mktree"], b""));
    let dir = scene.put(&good).await.unwrap();

    for bomb in [bomb(&scene, &file, 80), bomb(&scene, &empty, 80)] {
        let refused = scene.put(&bomb).await.unwrap_err();

        let said = refused.to_string();
        assert!(matches!(refused, CheckoutError::TooLarge { .. }), "{said}");
        assert!(said.contains(&bomb) && said.contains("500000 files and folders"), "{said}");
        assert_eq!(names(&dir), ["file"], "as it was");
    }

    scene.put(&good).await.unwrap();
}

#[tokio::test]
async fn a_commit_with_too_many_bytes_is_never_written() {
    let scene = Scene::new();
    let good = scene.repository.write("file", "x").commit("Begin");
    let large = format!("100644 blob {}", blob(&scene.repository, &vec![0; 4 << 20]));
    let bomb = bomb(&scene, &large, 13);
    let dir = scene.put(&good).await.unwrap();

    let said = scene.put(&bomb).await.unwrap_err().to_string();

    assert!(said.contains("larger than 8192 MiB together"), "{said}");
    assert_eq!(names(&dir), ["file"]);
}

#[tokio::test]
async fn a_checkout_that_fails_half_way_leaves_nothing_behind() {
    let scene = Scene::new();
    let good = scene.repository.write("file", "x").write("folder/file", "x").commit("Begin");
    let file = blob(&scene.repository, b"x");
    // Longer than any name that a file can have here.
    let long = "n".repeat(300);
    let entries = format!("100644 blob {file}\ta\n100644 blob {file}\t{long}\n");
    let bad =
        commit(&scene.repository, &object(&scene.repository, &["mktree"], entries.as_bytes()));
    let dir = scene.put(&good).await.unwrap();

    let refused = scene.put(&bad).await.unwrap_err();

    assert!(matches!(refused, CheckoutError::Git(_)), "{refused}");
    assert_eq!(names(&dir), [] as [String; 0]);
    assert!(!dir.join("folder").exists() && !dir.join(".git/index").exists());
    scene.put(&good).await.unwrap();
    assert_eq!(names(&dir), ["file", "folder/file"]);
}
