//! Runs a round: starts both processes, lets them connect, has them duel, and sees them end.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::unix::net::UnixStream as Blocking,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Mutex,
};

use super::{
    duel::{Duel, Round},
    pace::Pace,
    side::Side,
};
use crate::{
    runner::{Context, calibrate::Injected},
    sandbox::{Finished, Job, Meter, SandboxError, Session},
};

/// The name that a bench executable finds the socket by.
const SOCKET: &str = "T5_GATE";

/// The folder of one side's socket: the one way out of a measured process.
#[derive(Debug)]
pub struct Door {
    folder: TempDir,
}

impl Door {
    /// Makes it. A socket's path has to be short, so it lies with the temporary files.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(ctx: &Context) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("t5-").tempdir()?;
        ctx.sandbox.give(folder.path())?;
        Ok(Self { folder })
    }

    /// What a measured process has to be able to read.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    /// Opens it for one process.
    fn open(&self, ctx: &Context) -> io::Result<UnixListener> {
        match std::fs::remove_file(self.socket()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(self.socket())?;
        ctx.sandbox.give(self.folder.path())?;
        Ok(listener)
    }
}

/// One side of a round that is to be run.
pub struct Player<'a, 's> {
    /// Where its process runs.
    pub room: &'a Mutex<Session<'s>>,
    /// What it is called by.
    pub door: &'a Door,
    /// The executable, where it runs, and on which core.
    pub job: Job,
    /// What it loses, in a calibration alone.
    pub injected: Option<Injected>,
}

/// What came of a round, and of both processes.
#[derive(Debug)]
pub struct Over {
    /// What was played; none if a process never asked what to do.
    pub round: Option<Round>,
    /// How the base's process ended.
    pub base: Result<Finished, SandboxError>,
    /// How the head's process ended.
    pub head: Result<Finished, SandboxError>,
}

/// Runs both sides through the benchmarks of `wanted`.
///
/// # Errors
///
/// If a socket cannot be made, or a room not be entered.
pub async fn round(
    ctx: &Context,
    sides: [&Player<'_, '_>; 2],
    wanted: &BTreeSet<String>,
    paces: &mut BTreeMap<String, Pace>,
    draw: &mut fastrand::Rng,
    limit: Duration,
) -> Result<Over, SandboxError> {
    let [base, head] = sides;
    let (mut base_room, mut head_room) = (base.room.lock().await, head.room.lock().await);
    let ways =
        [(base_room.meter().await?, base.injected), (head_room.meter().await?, head.injected)];
    let doors = [open(ctx, base)?, open(ctx, head)?];
    let job =
        |player: &Player<'_, '_>| player.job.clone().env(SOCKET, player.door.socket().as_os_str());
    let (base_job, head_job) = (job(base), job(head));
    let mut base_run = std::pin::pin!(base_room.run(&base_job, None, &ctx.cancel));
    let mut head_run = std::pin::pin!(head_room.run(&head_job, None, &ctx.cancel));
    // A process that ends here never asks; the other is sent away with its door.
    let streams = tokio::select! {
        streams = connected(doors) => streams,
        base = &mut base_run => return Ok(Over { round: None, base, head: head_run.await }),
        head = &mut head_run => return Ok(Over { round: None, base: base_run.await, head }),
    };
    let duel = async { talk(ctx, streams?, ways, wanted, paces, draw, limit).await };
    let (round, base, head) = tokio::join!(duel, base_run, head_run);
    let round = round.inspect_err(|error| tracing::warn!(%error, "a round could not be played"));
    Ok(Over { round: round.ok(), base, head })
}

fn open(ctx: &Context, player: &Player<'_, '_>) -> Result<UnixListener, SandboxError> {
    player.door.open(ctx).map_err(|source| SandboxError::Supervise {
        program: player.job.program.display().to_string(),
        source,
    })
}

async fn connected(doors: [UnixListener; 2]) -> io::Result<[UnixStream; 2]> {
    let [base, head] = &doors;
    let (base, head) = tokio::try_join!(base.accept(), head.accept())?;
    Ok([base.0, head.0])
}

/// Has the sides duel in a thread of its own: a switch between them is worth no detour.
async fn talk(
    ctx: &Context,
    [base, head]: [UnixStream; 2],
    [base_way, head_way]: [(Option<Meter>, Option<Injected>); 2],
    wanted: &BTreeSet<String>,
    paces: &mut BTreeMap<String, Pace>,
    draw: &mut fastrand::Rng,
    limit: Duration,
) -> io::Result<Round> {
    let side = |stream: UnixStream, (meter, injected)| -> io::Result<Side> {
        let stream: Blocking = stream.into_std()?;
        Ok(Side::new(stream, meter, limit, &ctx.cancel)?.losing(injected))
    };
    let mut duel = Duel { base: side(base, base_way)?, head: side(head, head_way)? };
    let (wanted, mut known, mut drawn) = (wanted.clone(), paces.clone(), draw.fork());
    let played = tokio::task::spawn_blocking(move || {
        let round = duel.play(&|id| wanted.contains(id), &mut known, &mut drawn);
        (round, known)
    });
    let (round, known) = played.await.map_err(io::Error::other)?;
    *paces = known;
    Ok(round)
}
