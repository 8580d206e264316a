//! The arguments.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  pass or attention
  1  fail, or a receipt was refused
  2  wrong arguments or configuration
  3  inconclusive: measured, and cannot tell
  4  could not run
  130  stopped by a signal";

const RUN_EXAMPLES: &str = "\
Examples:
  t5 run                               gate HEAD against where it left the default branch
  t5 run --base main --head feature    gate a branch
  t5 run --only policy                 licences, sources, bans and advisories alone
  t5 run --only bench --bench gemv     only benchmarks whose id contains «gemv»
  t5 run --budget 20m                  measure for longer where that resolves more
  t5 run --format markdown > report.md the report as a pull request would show it

Nothing is written to the repository: checkouts, builds and receipts lie under
T5_CACHE (default: $XDG_CACHE_HOME/t5, ~/.cache/t5). The code of the change runs
on this machine, kept apart as far as this host can (--isolation, `t5 doctor`);
the report says how far that was.

Exit codes: see `t5 --help`.";

const CALIBRATE_EXAMPLES: &str = "\
Every benchmark of one commit is measured against itself, by the very procedure of a
run: each «regressed» is a false alarm. In between the gate injects losses of 2, 4,
6.5 and 9 % into one side, and counts which it finds. The result is kept under
T5_CACHE for this repository and host, with its raw samples; later reports print it.

Examples:
  t5 calibrate                          five minutes with the benchmarks of HEAD
  t5 calibrate --bench gemv             only benchmarks whose id contains «gemv»
  t5 calibrate --decisions 200 --budget 1h
                                        tighter bounds

Exit codes: 0 calibrated, whatever the figures are; 2 wrong arguments or
configuration; 4 could not run.";

const JUDGE_EXAMPLES: &str = "\
The file has one line a benchmark and round, either as a run's samples.jsonl or as
  {\"bench\":\"dot\",\"round\":0,\"iters\":164,\"pairs\":[[0,7163.8,7430.9],[1,7344.9,6575.8]]}
where a pair is the order (0: base first, 1: head first) and the nanoseconds an
iteration of base and head. The result is JSON: the rule, and each benchmark with
its state, its estimates with their bounds, and the rounds that it took. The same
file, rule and seed always give the same bytes.

Exit codes: 0 judged, whatever the states are; 2 wrong arguments or file.";

const SERVE_EXAMPLES: &str = "\
Examples:
  t5 serve --public-url https://t5.example.org --data ./t5-data
                          nothing configured yet: says where the App is created
  t5 serve --config /etc/t5/server.yml

`t5 config server-default` prints the documented configuration. The App's key and
webhook secrets are read from files that it names, or were stored in the data
folder when the App was created.";

/// Gates a Rust change: licences, sources, advisories and paired benchmarks, with a receipt
/// behind every figure.
#[derive(Debug, Parser)]
#[command(name = "t5", version, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// Log what is being done to standard error.
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Gate a change of a local repository.
    Run(RunArgs),
    /// Render the report of a receipt again.
    Report(ReportArgs),
    /// Check that a receipt is intact, and judge its raw samples again.
    Verify(VerifyArgs),
    /// Find out what this host resolves of a repository's benchmarks.
    Calibrate(CalibrateArgs),
    /// Judge recorded slices, or the raw samples of a run, by the gate's own rule.
    Judge(JudgeArgs),
    /// Make a key that receipts are signed with, or show its public half.
    Key(KeyArgs),
    /// Work with a repository's own rules, `t5.yml`.
    Config(ConfigArgs),
    /// Work with the advisory database.
    Advisories(AdvisoriesArgs),
    /// Say what this host has, and what to do about what it lacks.
    Doctor,
    /// Be the bot: take GitHub's deliveries, gate, and report.
    Serve(ServeArgs),
    /// List what was made of GitHub's deliveries, or give one another chance.
    Deliveries(DeliveriesArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnlyArg {
    /// Licences, sources, bans, advisories.
    Policy,
    /// Benchmarks.
    Bench,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum IsolationArg {
    /// The strongest that this host has.
    Best,
    /// Namespaces, another user, no network, no files but its own: fit for strangers' code.
    Full,
    /// A Landlock ruleset: no files but its own, no TCP.
    Landlock,
    /// A plain child process.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// What matters most, for a terminal.
    Human,
    /// The whole report.
    Markdown,
    /// All facts for a program.
    Json,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArgs {
    /// A folder in the repository to gate.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// The target branch, or a commit to compare with [default: the merge base with the default
    /// branch, or the head's parent].
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// The change [default: HEAD].
    #[arg(long, value_name = "REV")]
    pub(super) head: Option<String>,
    /// Rules from this file instead of the repository's t5.yml.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where the receipt, the raw samples and the report go [default: a new folder in the cache].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// One part alone.
    #[arg(long, value_enum)]
    pub(super) only: Option<OnlyArg>,
    /// How long all measuring together may take, for example 90s, 10m, 1h30m.
    #[arg(long, value_name = "TIME")]
    pub(super) budget: Option<String>,
    /// Only benchmarks whose id contains this; may be given several times.
    #[arg(long = "bench", value_name = "TEXT")]
    pub(super) filter: Vec<String>,
    /// Build both sides with this toolchain.
    #[arg(long, value_name = "NAME")]
    pub(super) toolchain: Option<String>,
    /// Advisories from this folder (a checkout of the RustSec database), without a network.
    #[arg(long, value_name = "DIR", env = "T5_ADVISORY_DB")]
    pub(super) advisory_db: Option<PathBuf>,
    /// Fetch nothing, neither advisories nor crates: what is cached or embedded has to do.
    #[arg(long)]
    pub(super) offline: bool,
    /// How far the change's own code is kept apart from this machine; `t5 doctor` tells what this
    /// host has.
    #[arg(long, value_enum, default_value = "best")]
    pub(super) isolation: IsolationArg,
    /// No job of the change's code takes more memory than this, for example 800M or 4G [default:
    /// seven eighths of the machine's].
    #[arg(long, value_name = "SIZE", value_parser = super::size::bytes)]
    pub(super) memory_limit: Option<u64>,
    /// Draw orders from this number, as an earlier receipt names it.
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Sign the receipt with the secret key in this file, as `t5 key new` makes it.
    #[arg(long, value_name = "FILE", env = "T5_SIGNING_KEY")]
    pub(super) sign: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: FormatArg,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = CALIBRATE_EXAMPLES)]
pub(super) struct CalibrateArgs {
    /// A folder in the repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// The commit whose benchmarks are measured [default: HEAD].
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Decide each benchmark so often on identical executables, and a quarter as often at each
    /// injected loss.
    #[arg(long, value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) decisions: u32,
    /// How long all measuring together may take, for example 90s, 10m, 1h30m.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(super) budget: String,
    /// Rules from this file instead of the repository's t5.yml.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Only benchmarks whose id contains this; may be given several times.
    #[arg(long = "bench", value_name = "TEXT")]
    pub(super) filter: Vec<String>,
    /// Build with this toolchain.
    #[arg(long, value_name = "NAME")]
    pub(super) toolchain: Option<String>,
    /// Fetch no crates: what is cached has to do.
    #[arg(long)]
    pub(super) offline: bool,
    /// How far the repository's own code is kept apart from this machine; `t5 doctor` tells what
    /// this host has.
    #[arg(long, value_enum, default_value = "best")]
    pub(super) isolation: IsolationArg,
    /// Draw orders from this number, as an earlier calibration names it.
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// What to print.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: FormatArg,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReportArgs {
    /// A run's receipt.json, or its folder.
    #[arg(value_name = "RECEIPT")]
    pub(super) receipt: PathBuf,
    /// What to print.
    #[arg(long, value_enum, default_value = "markdown")]
    pub(super) format: FormatArg,
}

#[derive(Debug, ClapArgs)]
pub(super) struct VerifyArgs {
    /// A run's receipt.json, or its folder.
    #[arg(value_name = "RECEIPT")]
    pub(super) receipt: PathBuf,
    /// Refuse what is not signed by one of the public keys in this file; may be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = JUDGE_EXAMPLES)]
pub(super) struct JudgeArgs {
    /// Recorded slices, or a run's samples.jsonl.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Share the chance of a false «regressed» among this many benchmarks [default: as many as
    /// the file has].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) family: Option<u32>,
    /// Throughput of the head, as a share of the base's, below which a benchmark has regressed
    /// [default: 0.95].
    #[arg(long, value_name = "SHARE")]
    pub(super) min_throughput: Option<f64>,
    /// Slack added to that [default: 0.005].
    #[arg(long, value_name = "SHARE")]
    pub(super) guard: Option<f64>,
    /// Draw the resamples from this number, as a receipt names it.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) seed: u64,
}

#[derive(Debug, ClapArgs)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    pub(super) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a secret key that its owner alone may read, and print its public key.
    New {
        /// The file to make; one that is there is not overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the public key of a secret one, under its id.
    Public {
        /// The file of the secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Check a rules file, and name each mistake with line and column.
    Check {
        /// The file [default: t5.yml or .github/t5.yml of this folder].
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print the documented default.
    Default,
    /// Print the JSON schema.
    Schema,
    /// Print the documented default of the server's own configuration.
    ServerDefault,
    /// Print the JSON schema of the server's own configuration.
    ServerSchema,
    /// Check a server's configuration, and name each mistake with line and column.
    CheckServer {
        /// The file.
        #[arg(value_name = "FILE", default_value = "/etc/t5/server.yml")]
        file: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct AdvisoriesArgs {
    #[command(subcommand)]
    pub(super) command: AdvisoriesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdvisoriesCommand {
    /// Write the snapshot of facts that this program embeds, from a database.
    Snapshot {
        /// The database: a folder with `crates` and `rust` in it.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Its commit.
        #[arg(long, value_name = "SHA")]
        commit: String,
        /// The date of that commit, for example 2026-08-21T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        committed: jiff::Timestamp,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Where a server is configured.
#[derive(Debug, ClapArgs)]
pub(super) struct ServerArgs {
    /// The server's configuration [default: /etc/t5/server.yml, where it exists].
    #[arg(long, value_name = "FILE", env = "T5_SERVER_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Where people and GitHub reach the server, for example https://t5.example.org.
    #[arg(long, value_name = "URL", env = "T5_PUBLIC_URL")]
    pub(super) public_url: Option<String>,
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS", env = "T5_LISTEN")]
    pub(super) listen: Option<String>,
    /// The folder of the database, the runs and the App's credentials.
    #[arg(long, value_name = "DIR", env = "T5_DATA")]
    pub(super) data: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = SERVE_EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// Advisories from this folder (a checkout of the RustSec database), without a network.
    #[arg(long, value_name = "DIR", env = "T5_ADVISORY_DB")]
    pub(super) advisory_db: Option<PathBuf>,
    /// Fetch neither advisories nor crates: what is cached or embedded has to do.
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DeliveriesArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(subcommand)]
    pub(super) command: DeliveriesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// List deliveries, the newest first.
    List {
        /// Which ones.
        #[arg(long, value_enum, default_value = "dead")]
        state: DeliveryStateArg,
    },
    /// Act on a delivery again.
    Replay {
        /// As `t5 deliveries list` and GitHub's page of deliveries name it.
        #[arg(value_name = "GUID")]
        guid: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DeliveryStateArg {
    /// Failed too often.
    Dead,
    /// Still to be acted on.
    Waiting,
    /// Acted on, or nothing to do.
    Settled,
    /// All of them.
    All,
}
