//! Connections: clients that say nothing, and a server that stops.

use std::time::Duration;

use axum::{Router, routing::get};
use t5_gate::web::{listen, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
};

async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_request_on_its_way_is_answered_before_the_server_stops() {
    let (reached, go) = (std::sync::Arc::new(Notify::new()), std::sync::Arc::new(Notify::new()));
    let router = {
        let (reached, go) = (reached.clone(), go.clone());
        let slow = move || async move {
            reached.notify_one();
            go.notified().await;
            "done"
        };
        Router::new().route("/", get(slow))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(router, listener, async {
        let _ = stopped.await;
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    reached.notified().await;
    stop.send(()).unwrap();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    assert!(read(stream).await.ends_with("done"));
    server.await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_says_what_it_wants_is_sent_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "hello" }));
    let server = tokio::spawn(serve(router, listener, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    tokio::time::pause();
    let answer = tokio::time::timeout(Duration::from_secs(60), read(stream)).await;
    assert!(answer.is_ok(), "the server closed the connection");
    server.abort();
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(listen(Router::new(), &address, std::future::pending()).await.is_err());
}
