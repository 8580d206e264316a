//! What taking deliveries in costs: signed deliveries of mixed sizes, sent at a fixed rate from
//! this process to `t5 serve` in another, each timed from the moment it was due to be sent.
//!
//! `cargo bench --bench intake`; `-- --deliveries 10000 --rate 1000` are the defaults, and
//! `--largest 1000000` leaves out what is larger.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a benchmark reports on standard output, and a panic is its error"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sha2::Sha256;
use t5_gate::{queue::Store as _, store::Sqlite};
use tempfile::TempDir;

const SECRET: &str = "the secret of a benchmark";
/// Of each thousand deliveries so many have so many bytes; GitHub's own are mostly of the first.
const MIX: [(usize, usize); 5] =
    [(600, 12_000), (300, 30_000), (90, 200_000), (9, 1_000_000), (1, 24_000_000)];

struct Delivery {
    guid: String,
    class: usize,
    body: Bytes,
    signature: String,
}

fn main() {
    let (count, rate) = (option("--deliveries", 10_000), option("--rate", 1000));
    let folder = TempDir::new().unwrap();
    let (server, url) = start(folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let deliveries = deliveries(count, option("--largest", usize::MAX));
    let bytes: usize = deliveries.iter().map(|delivery| delivery.body.len()).sum();
    let guids: Vec<String> = deliveries.iter().map(|delivery| delivery.guid.clone()).collect();
    let (took, answers) = runtime.block_on(send_all(&url, deliveries, rate));

    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    println!(
        "{count} deliveries, {:.1} MB, due at {rate} a second: all answered after {:.2} s \
         ({:.0} a second); {accepted} accepted",
        bytes as f64 / 1e6,
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
    );
    println!("| size | deliveries | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|");
    for (class, (_, size)) in MIX.iter().enumerate() {
        row(&size.to_string(), answers.iter().filter(|a| a.class == class));
    }
    row("all", answers.iter());
    runtime.block_on(check(folder.path(), &guids, accepted));
    stop(server);
}

fn option(name: &str, default: usize) -> usize {
    let args: Vec<String> = std::env::args().collect();
    let at = args.iter().position(|arg| arg == name);
    at.map_or(default, |at| args[at + 1].parse().expect("a number"))
}

fn start(folder: &Path) -> (Child, String) {
    let (key, secret) = (folder.join("key.pem"), folder.join("secret"));
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/github/app.pem");
    fs::copy(fixture, &key).unwrap();
    fs::write(&secret, SECRET).unwrap();
    let config = format!(
        "public-url: http://127.0.0.1:1\nlisten: 127.0.0.1:0\ndata: {:?}\ngithub:\n  api-url: \
         http://127.0.0.1:1\n  app-id: 1\n  private-key-file: {key:?}\n  webhook-secret-files: \
         [{secret:?}]\n",
        folder.join("data"),
    );
    fs::write(folder.join("server.yml"), config).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_t5"))
        .args(["serve", "--offline", "--config"])
        .arg(folder.join("server.yml"))
        .env("T5_CACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = log.by_ref().map(Result::unwrap).find(|line| line.contains("listening")).unwrap();
    let address = line.split("address=127.0.0.1:").last().unwrap();
    let port: String = address.chars().take_while(char::is_ascii_digit).collect();
    // Whatever else it says must not fill the pipe.
    std::thread::spawn(move || log.for_each(drop));
    (child, format!("http://127.0.0.1:{port}/webhook"))
}

fn stop(mut server: Child) {
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Deliveries in an order drawn from a fixed seed. They are of an event that asks for nothing.
fn deliveries(count: usize, largest: usize) -> Vec<Delivery> {
    let mut random = fastrand::Rng::with_seed(475);
    let bodies: Vec<(Bytes, String)> = MIX.iter().map(|(_, size)| signed(*size)).collect();
    let classes: Vec<usize> = MIX
        .iter()
        .enumerate()
        .filter(|(_, (_, size))| *size <= largest)
        .flat_map(|(class, (share, _))| std::iter::repeat_n(class, *share))
        .collect();
    let mut drawn: Vec<usize> = (0..count).map(|i| classes[i % classes.len()]).collect();
    random.shuffle(&mut drawn);
    drawn
        .into_iter()
        .enumerate()
        .map(|(i, class)| {
            let (body, signature) = bodies[class].clone();
            Delivery { guid: format!("bench-{i:08}"), class, body, signature }
        })
        .collect()
}

fn signed(size: usize) -> (Bytes, String) {
    let frame = r#"{"action":"created","padding":""}"#;
    let padding = "x".repeat(size - frame.len());
    let body = format!(r#"{{"action":"created","padding":"{padding}"}}"#);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    (Bytes::from(body), signature)
}

struct Answer {
    class: usize,
    status: u16,
    took: Duration,
}

async fn send_all(url: &str, deliveries: Vec<Delivery>, rate: usize) -> (Duration, Vec<Answer>) {
    let client = Arc::new(Client::builder(TokioExecutor::new()).build_http());
    let started = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for (i, delivery) in deliveries.into_iter().enumerate() {
        let due = started + Duration::from_secs_f64(i as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.to_owned());
        running.spawn(async move { send(&client, &url, delivery, due).await });
    }
    let answers = running.join_all().await;
    (started.elapsed(), answers)
}

async fn send(
    client: &Client<HttpConnector, Full<Bytes>>,
    url: &str,
    delivery: Delivery,
    due: Instant,
) -> Answer {
    let request = Request::post(url)
        .header("content-type", "application/json")
        .header("x-github-event", "star")
        .header("x-github-delivery", &delivery.guid)
        .header("x-hub-signature-256", &delivery.signature)
        .body(Full::new(delivery.body))
        .unwrap();
    let response = client.request(request).await.expect("an answer");
    let status = response.status().as_u16();
    response.into_body().collect().await.expect("a whole answer");
    Answer { class: delivery.class, status, took: due.elapsed() }
}

fn row<'a>(name: &str, answers: impl Iterator<Item = &'a Answer>) {
    let mut times: Vec<f64> = answers.map(|answer| answer.took.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    if times.is_empty() {
        return;
    }
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    let count = times.len();
    println!("| {name} | {count} | {:.1} | {:.1} | {:.1} |", at(0.5), at(0.99), at(1.0));
}

/// None may be lost: whatever was answered with 202 is in the database.
async fn check(folder: &Path, guids: &[String], accepted: usize) {
    let store = Sqlite::open_beside(&folder.join("data/t5.db")).await.unwrap();
    let mut missing = 0;
    for some in guids.chunks(500) {
        missing += store.unknown_guids(some).await.unwrap().len();
    }
    println!("{missing} of {} are not in the database", guids.len());
    assert_eq!(accepted, guids.len(), "every delivery is accepted");
    assert_eq!(missing, 0, "an accepted delivery is never lost");
}
