//! Connections: how many, how patient, and how they end.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// More clients than these wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// A client that takes longer to say what it wants is sent away; so is one that stays silent
/// between two requests.
const HEADERS: Duration = Duration::from_secs(15);
/// How long requests may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// A pause after a failure to accept: the process is out of file descriptors, most likely.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves on `address` until `shutdown` is there.
///
/// # Errors
///
/// If the address cannot be listened on.
pub async fn listen(
    router: Router,
    address: &str,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    serve(router, listener, shutdown).await;
    Ok(())
}

/// Serves on a listener until `shutdown` is there; requests that are on their way are answered.
pub async fn serve(router: Router, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, place) = tokio::select! {
            () = &mut shutdown => break,
            next = next(&listener, &places) => next,
        };
        let connection = graceful.watch(connection(&router, stream));
        tokio::spawn(async move {
            // A client that breaks off is no matter of ours.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

/// The next client, as soon as there is a place for it. The place is none only if the semaphore
/// was closed, which nobody does.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn connection(
    router: &Router,
    stream: TcpStream,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()))
}
