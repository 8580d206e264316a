//! Who may open a database, and what they find in it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use t5_gate::{
    queue::{Accepted, Store as _},
    store::Sqlite,
};
use tempfile::TempDir;

use super::world::{World, at, pull, raw};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_database_is_for_this_user_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("var/t5");
    let store = Sqlite::open(&data.join("t5.db")).await.unwrap();
    store.set_note("cursor", "7").await.unwrap();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("inbox")), 0o700);
    for file in fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()) {
        if file.is_file() {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let mut world = World::new().await;
    world.accept("g1", b"one", 0).await;
    world.enqueue(pull("j1", 1, "head"), 1).await;
    let (_, lease) = world.lease("embedded", 2).await.unwrap();
    world.store.set_note("cursor", "7").await.unwrap();

    let world = world.reopened().await;
    let due = world.store.due_deliveries(at(3), 10).await.unwrap();
    assert_eq!((due.len(), due[0].verified.body()), (1, b"one".as_slice()));
    assert_eq!(world.job("j1").await.lease, Some(lease));
    assert_eq!(world.store.note("cursor").await.unwrap().as_deref(), Some("7"));
    assert_eq!(world.due(3).await[0].target.key(), "check/j1");
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_until_the_first_is_gone() {
    let world = World::new().await;
    let refused = Sqlite::open(&world.path()).await.unwrap_err().to_string();
    assert!(refused.contains("another t5 serves from"), "{refused}");
    assert!(refused.contains("stop that one first"), "{refused}");
    world.reopened().await;
}

#[tokio::test]
async fn a_command_may_look_at_the_database_of_a_server_and_change_it() {
    let mut world = World::new().await;
    world.accept("g1", b"one", 0).await;
    world.store.postpone("g1", "no route to host", None).await.unwrap();

    let beside = Sqlite::open_beside(&world.path()).await.unwrap();
    assert_eq!(beside.deliveries(None, 10).await.unwrap()[0].note, "no route to host");
    assert!(beside.replay("g1", at(1)).await.unwrap());
    assert_eq!(world.store.due_deliveries(at(1), 10).await.unwrap().len(), 1);
    assert_eq!(world.accept("g2", b"two", 2).await, Accepted::Stored);
}

#[tokio::test]
async fn a_command_does_not_make_a_database() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t5.db");
    let refused = Sqlite::open_beside(&path).await.unwrap_err().to_string();
    assert!(refused.contains("there is no") && refused.contains("start t5 serve"), "{refused}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t5.db");
    drop(Sqlite::open(&path).await.unwrap());
    let step = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'', 0)";
    sqlx::query(step).execute(&mut raw(&path).await).await.unwrap();
    for opened in [Sqlite::open(&path).await, Sqlite::open_beside(&path).await] {
        let refused = opened.unwrap_err().to_string();
        assert!(refused.contains("written by a newer t5 (schema 9999"), "{refused}");
        assert!(refused.contains("install that version again"), "{refused}");
    }
}

#[tokio::test]
async fn a_command_leaves_it_to_the_server_to_bring_a_database_up_to_date() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t5.db");
    fs::write(&path, "").unwrap();
    let refused = Sqlite::open_beside(&path).await.unwrap_err().to_string();
    assert!(refused.contains("of an older t5 (schema 0"), "{refused}");
    assert!(refused.contains("start t5 serve of this version once"), "{refused}");
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t5.db");
    let text = "not a database, but somebody's notes, and rather long ones at that\n".repeat(20);
    fs::write(&path, &text).unwrap();
    let refused = Sqlite::open(&path).await.unwrap_err().to_string();
    assert!(refused.contains("t5.db") && refused.contains("another folder"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn sql_stands_in_the_store_alone() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("src/store") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                assert!(!source.contains("sqlx"), "{} names sqlx", path.display());
            }
        }
    }
}
