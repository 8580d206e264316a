//! What comes out of a sandbox is read under limits, whoever speaks there.

use t5_gate::sandbox::{Collect, End, Outcome, Returned, answer};

/// Two files at most, of eight bytes each and of twelve together.
fn asked() -> Collect {
    Collect {
        folder: "/tmp".to_owned(),
        names: vec!["sample.json".to_owned()],
        file: 8,
        total: 12,
        files: 2,
        depth: 1,
    }
}

/// A message, and what follows it.
fn said(files: &str, after: &[u8]) -> Vec<u8> {
    let json =
        format!(r#"{{"end":{{"Exited":0}},"wall_ns":3,"cpu_ns":2,"peak":1,"files":[{files}]}}"#);
    let length = u32::try_from(json.len()).unwrap().to_le_bytes();
    [&length[..], json.as_bytes(), after].concat()
}

async fn heard(
    bytes: &[u8],
    collect: Option<&Collect>,
) -> Result<(Outcome, Vec<Returned>), String> {
    answer(&mut &*bytes, collect).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn files_come_in_the_order_that_the_answer_names() {
    let files = r#"{"path":"a","bytes":3},{"path":"b","bytes":null}"#;
    let (outcome, files) = heard(&said(files, b"one"), Some(&asked())).await.unwrap();
    assert_eq!((outcome.end, outcome.wall_ns, outcome.cpu_ns), (End::Exited(0), 3, 2));
    let one = Returned { path: "a".into(), bytes: Some(b"one".to_vec()) };
    assert_eq!(files, [one, Returned { path: "b".into(), bytes: None }]);
}

#[tokio::test]
async fn more_than_was_asked_for_is_refused_before_it_is_read() {
    let refused = "more files than were asked for";
    let three = r#"{"path":"a","bytes":1},{"path":"b","bytes":1},{"path":"c","bytes":1}"#;
    assert_eq!(heard(&said(three, b"abc"), Some(&asked())).await.unwrap_err(), refused);
    let large = r#"{"path":"a","bytes":18446744073709551615}"#;
    assert_eq!(heard(&said(large, b""), Some(&asked())).await.unwrap_err(), refused);
    let both = r#"{"path":"a","bytes":8},{"path":"b","bytes":5}"#;
    assert_eq!(heard(&said(both, &[0; 13]), Some(&asked())).await.unwrap_err(), refused);
    let one = r#"{"path":"a","bytes":0}"#;
    assert_eq!(heard(&said(one, b""), None).await.unwrap_err(), refused);
    let endless = [u32::MAX.to_le_bytes().as_slice(), b"{}"].concat();
    let told = heard(&endless, Some(&asked())).await.unwrap_err();
    assert_eq!(told, "a message of 4294967295 bytes");
}

#[tokio::test]
async fn what_ends_early_is_no_answer() {
    let whole = said(r#"{"path":"a","bytes":3}"#, b"one");
    assert!(heard(&whole, Some(&asked())).await.is_ok());
    for end in 0..whole.len() {
        assert!(heard(&whole[..end], Some(&asked())).await.is_err(), "{end} bytes");
    }
}
