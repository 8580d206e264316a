//! From a job to a folder with a receipt, or to a sentence why there is none.

use std::{
    fs,
    io::{self, Read as _},
    path::PathBuf,
    sync::Arc,
};

use tracing::Instrument as _;

use super::{Embedded, Newest, scratch::Scratch};
use crate::{
    queue::{Coordinator, CoordinatorError, Job, Run, Scope, Subject, Trust, Work},
    receipt::{RECEIPT_FILE, digest},
    runner::{
        Context,
        lock::HostLock,
        mirror::{Mirror, MirrorError, Wanted},
        pipeline::{self, Gated, PipelineError, Request},
        repeat,
        rules::Overrides,
        scan::Strictness,
        select::{Lineage, MirrorWish, Source},
    },
    sandbox::{Cancel, Isolation},
    verdict::PartName,
};

/// A run that came to a receipt.
pub(super) struct Attempted {
    pub(super) run: Run,
    /// Holds its files.
    pub(super) folder: Scratch,
}

/// Why a run did not.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error(
        "this head was written by somebody without write permission, and this server has no \
         sandbox that could hold such code, whoever approved it; `t5 doctor` on its machine says \
         what is missing"
    )]
    Stranger,
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Server(#[from] CoordinatorError),
    #[error("the rules in force cannot be digested: {0}")]
    Rules(#[from] serde_json::Error),
    #[error("this machine gives no random numbers: {0}")]
    Random(#[from] io::Error),
    #[error("the run ended by a mistake of this program; its log says more: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

impl Embedded {
    /// Gates a job. The error is a sentence for a person, without this machine's paths.
    pub(super) async fn attempt(
        &self,
        work: &Work,
        cancel: &Cancel,
        newest: &Newest,
    ) -> Result<Attempted, String> {
        let done = self.gate(work, cancel, newest).await;
        done.map_err(|error| {
            let mut said = error.to_string();
            tracing::info!(error = said, "no receipt");
            said = harmless(&self.folders(), &said);
            said
        })
    }

    async fn gate(
        &self,
        work: &Work,
        cancel: &Cancel,
        newest: &Newest,
    ) -> Result<Attempted, AttemptError> {
        let stranger = matches!(work.job.job.trust, Trust::Stranger { .. });
        if stranger && self.sandbox.level() < Isolation::Full {
            return Err(AttemptError::Stranger);
        }
        let folders = self.folders();
        let ctx = Context {
            cache: self.cache.clone(),
            env: self.env.clone(),
            sandbox: Arc::clone(&self.sandbox),
            cancel: cancel.clone(),
            progress: newest.listener(move |text| harmless(&folders, text)),
        };
        let id = random()?;
        let mut folder = Scratch::of(self.scratch.join(&id));
        let wanted = Wanted::of(work);
        let request = self.request(&work.job, &wanted, folder.path().to_owned());
        // A thread of its own: judging and reading large files would hold up the server's others.
        let here = tokio::runtime::Handle::current();
        let server = (Arc::clone(&self.coordinator), work.clone());
        let whole =
            async move { fetch_and_run(ctx, server, wanted, request).await }.in_current_span();
        let ended = tokio::task::spawn_blocking(move || here.block_on(whole)).await;
        if let Ok(Err(_)) = &ended
            && !cancel.stopped()
            && folder.path().join(RECEIPT_FILE).exists()
        {
            // A receipt that contradicts itself: the error names this folder.
            folder.keep();
        }
        let gated = ended??;
        let run = run_of(id, &work.job, &gated)?;
        Ok(Attempted { run, folder })
    }

    /// Folders of ours, and what stands in their place in a text.
    fn folders(&self) -> [(PathBuf, &'static str); 2] {
        [(self.cache.clone(), "<cache>"), (self.scratch.clone(), "<runs>")]
    }

    fn request(&self, job: &Job, wanted: &Wanted, out: PathBuf) -> Request {
        let job = &job.job;
        let (only, filter) = match &job.scope {
            Scope::All => (None, Vec::new()),
            Scope::Policy => (Some(PartName::Policy), Vec::new()),
            Scope::Bench(filter) => (Some(PartName::Perf), filter.clone()),
        };
        let command = repeat::command(arguments(wanted, only, &filter));
        Request {
            source: Source::Mirror(MirrorWish {
                // Known once it is fetched.
                mirror: PathBuf::new(),
                repository: job.repo.full_name(),
                head: job.head.clone(),
                rules: wanted.base.clone(),
                chosen: chosen(&job.subject, &job.base_ref),
                lineage: Lineage {
                    target: job.base_ref.clone(),
                    // The base of a group is the group before it, which may never be merged.
                    keeps: !matches!(job.subject, Subject::MergeGroup(_)),
                },
                parent: matches!(job.subject, Subject::Branch(_)),
            }),
            config: None,
            overrides: Overrides { filter, ..Overrides::default() },
            only,
            out: Some(out),
            database: self.database.clone(),
            strictness: match job.trust {
                Trust::Member => Strictness::AsPolicy,
                Trust::Stranger { .. } => Strictness::OnlyAllowed,
            },
            offline: self.offline,
            seed: fastrand::u64(..),
            lock: self.lock.clone(),
            command,
            signer: self.signer.clone(),
        }
    }
}

async fn fetch_and_run(
    ctx: Context,
    (server, work): (Arc<dyn Coordinator>, Work),
    mut wanted: Wanted,
    mut request: Request,
) -> Result<Gated, AttemptError> {
    ctx.progress.phase("checkout", request.source.what());
    // Before the fetch: it would disturb another run's measurement, and the code that runs there
    // could look into the environment of the git that has the token.
    let lock = HostLock::take(&ctx, &request.lock).await.map_err(PipelineError::from)?;
    // Not before, either: an hour is all that a token has, and other runs may take that long.
    wanted.token = server.token(&work).await?;
    let mirror = Mirror::fetch(&ctx, &wanted).await?;
    if let Source::Mirror(wish) = &mut request.source {
        wish.mirror = mirror.dir().to_owned();
    }
    Ok(pipeline::run_holding(&lock, &ctx, &request).await?)
}

/// What a person types in a clone to repeat it.
fn arguments(wanted: &Wanted, only: Option<PartName>, filter: &[String]) -> Vec<String> {
    let mut words = vec!["run".to_owned()];
    // A branch's own tip is compared with its parent, and that is what `t5 run` does by itself.
    let parent =
        |base: &String| matches!(wanted.subject, Subject::Branch(_)) && *base == wanted.head;
    if let Some(base) = wanted.base.as_ref().filter(|base| !parent(base)) {
        words.extend(["--base".to_owned(), base.clone()]);
    }
    words.extend(["--head".to_owned(), wanted.head.clone()]);
    let only = only.map(|part| match part {
        PartName::Policy => "policy",
        PartName::Perf => "bench",
    });
    words.extend(only.into_iter().flat_map(|part| ["--only".to_owned(), part.to_owned()]));
    words.extend(filter.iter().flat_map(|text| ["--bench".to_owned(), text.clone()]));
    words
}

fn chosen(subject: &Subject, base_ref: &str) -> String {
    match subject {
        Subject::Pull(number) => format!("pull request #{number} against {base_ref}"),
        Subject::MergeGroup(_) => format!("merge group for {base_ref}"),
        Subject::Branch(name) => format!("push to {name}"),
    }
}

fn run_of(id: String, job: &Job, gated: &Gated) -> Result<Run, serde_json::Error> {
    let receipt = &gated.receipt;
    Ok(Run {
        id,
        job: job.job.id.clone(),
        repo: job.job.repo.id,
        subject: job.job.subject.clone(),
        head: receipt.subject.head.sha.clone(),
        base: receipt.subject.base.as_ref().map(|commit| commit.sha.clone()),
        // Without the job's own filter: that is what tells a partial run from a whole one.
        rules: digest(&serde_json::to_vec(&gated.given)?),
        scope: job.job.scope.clone(),
        outcome: gated.verdict.outcome,
        started: receipt.run.started,
        finished: receipt.run.finished,
    })
}

/// 32 hexadecimal digits that nobody can guess: the address of a private repository's page hangs
/// on them.
fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// A text without folders of ours, which say nothing to whoever reads it on GitHub.
fn harmless(folders: &[(PathBuf, &str)], text: &str) -> String {
    let mut text = text.to_owned();
    for (folder, instead) in folders {
        let real = folder.canonicalize().ok();
        for folder in real.iter().chain([folder]) {
            match folder.to_str() {
                Some(folder) if folder.len() > 1 => text = text.replace(folder, instead),
                _ => {}
            }
        }
    }
    text
}
