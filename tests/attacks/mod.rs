//! Attacks by the code of a change. Each goes for a prize that the test planted, and is run twice:
//! unprotected, where it has to win, or it would prove nothing; and in the sandbox, where it must
//! not. Unprotected is a plain child process of the gate; or plain cargo, where the gate stops the
//! attack whatever the isolation is.

mod arena;
mod bombs;
mod cheats;
mod configured;
mod ears;
mod every_level;
mod kernel;
mod network;
mod outer;
mod poison;
mod processes;
mod reads;
mod ways;
mod writes;

use arena::{Arena, Ended, Level};

use crate::support::not_run;

const BUBBLEWRAP: &str = "apt-get install -y bubblewrap";

/// What came of an attack.
pub struct Fought {
    /// How the prize was won, if it was.
    pub won: Option<String>,
    /// How the run ended.
    pub ended: Ended,
}

/// What the sandbox does to an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The payload runs to its end, and finds nothing to win.
    Beaten,
    /// The payload does not run, or not to its end; the run does, and ends with a verdict.
    Stopped,
}

/// Something that a machine may lack: a command that succeeds where it is there, and how to get it.
pub struct Need(&'static str, &'static str);

const NOTHING: &[Need] = &[];
const NAMESPACES: &[Need] = &[SPACES];
const TRACING: &[Need] = &[TRACES];
const NAMESPACES_AND_TRACING: &[Need] = &[SPACES, TRACES];
const SPACES: Need = Need(
    "[ $(id -u) = 0 ] || own='--user --map-current-user --keep-caps'; \
     unshare $own --pid --fork --mount-proc true && \
     unshare $own --mount mount -t tmpfs t5-arena /mnt",
    "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, \
     kernel.apparmor_restrict_unprivileged_userns=0",
);
const TRACES: Need = Need(
    "[ $(id -u) = 0 ] || ! [ -e /proc/sys/kernel/yama/ptrace_scope ] || \
     [ $(cat /proc/sys/kernel/yama/ptrace_scope) = 0 ]",
    "run as root, or sysctl kernel.yama.ptrace_scope=0",
);
const IO_URING: &[Need] = &[Need(
    "[ $(cat /proc/sys/kernel/io_uring_disabled) = 0 ]",
    "sysctl kernel.io_uring_disabled=0",
)];
const VSOCK: &[Need] = &[Need("[ -e /dev/vsock ]", "modprobe vsock")];
const RUSTUP: &[Need] =
    &[Need("rustup show active-toolchain", "install Rust by rustup, which is what reads the file")];

/// One row of the table.
pub struct Attack {
    pub name: &'static str,
    pub way: &'static str,
    pub prize: &'static str,
    pub needs: &'static [Need],
    pub without: Level,
    pub expect: Expect,
    pub play: fn(&Arena) -> Fought,
}

/// Runs an attack without protection, then in the sandbox.
fn contest(attack: &Attack) {
    let Attack { name, way, prize, needs, without, .. } = attack;
    let has = |Need(test, mend): &Need| not_run::needs(name, &["/bin/sh", "-c", test], mend);
    if !needs.iter().all(has) {
        return;
    }
    let arena = Arena::new(*without);
    let fought = (attack.play)(&arena);
    assert!(
        fought.won.is_some(),
        "{name}: by {way} it did not even win «{prize}» unprotected, and proves nothing: {:?}\n{}",
        fought.ended,
        fought.ended.said
    );
    if !not_run::needs(name, &["bwrap", "--version"], BUBBLEWRAP) {
        return;
    }
    let arena = Arena::new(Level::Full);
    let fought = (attack.play)(&arena);
    assert!(fought.won.is_none(), "{name}: by {way} it won «{prize}»: {:?}", fought.won);
    // A run that does not come about wins nothing either, and proves nothing.
    let met = match attack.expect {
        Expect::Beaten => arena.reached(&fought.ended),
        Expect::Stopped => arena.judged(),
    };
    assert!(
        met && matches!(fought.ended.code, Some(0..=4)),
        "{name}: {:?} was expected: {:?}",
        attack.expect,
        fought.ended
    );
}

/// The table: each row is a test. What it needs, how it comes in, the prize, where it wins, and how
/// it ends in the sandbox.
macro_rules! attacks {
    ($($name:ident: $needs:ident, $way:literal, $prize:literal, $without:ident => $expect:ident, $play:path;)*) => {
        $(
            #[test]
            fn $name() {
                contest(&Attack {
                    name: stringify!($name),
                    way: $way,
                    prize: $prize,
                    needs: $needs,
                    without: Level::$without,
                    expect: Expect::$expect,
                    play: $play,
                });
            }
        )*
    };
}

attacks! {
    the_users_key_is_read:
        NOTHING, "a build script", "the key in ~/.ssh", None => Beaten, reads::ssh_key;
    the_apps_key_is_read:
        NOTHING, "a procedural macro", "the App's private key", None => Beaten, reads::app_key;
    the_database_is_read:
        NOTHING, "a bench", "the server's database", None => Beaten, reads::database;
    another_checkout_is_read:
        NOTHING, "a test binary", "another repository's files", None => Beaten, reads::other_checkout;
    the_files_of_another_process_are_read:
        NOTHING, "a bench", "the key in ~/.ssh, by /proc/*/root", None => Beaten, reads::others_root;
    a_link_in_the_checkout_is_followed:
        NOTHING, "a symbolic link", "the key in ~/.ssh", Cargo => Stopped, reads::link;
    a_key_is_compiled_in:
        NOTHING, "include_str!", "the key in ~/.ssh", None => Stopped, reads::compiled_in;

    the_supervisors_environment_is_read:
        NOTHING, "a bench", "a variable of the gate", None => Beaten, processes::environment;
    command_lines_are_read:
        NOTHING, "a build script", "a password in a command line", None => Beaten, processes::command_lines;
    the_supervisors_memory_is_read:
        TRACING, "a bench", "the gate's memory", None => Beaten, processes::memory;
    the_supervisor_is_traced:
        TRACING, "a bench", "control of the gate", None => Beaten, processes::trace;
    everybody_is_killed:
        NAMESPACES, "a build script", "the gate's death", None => Stopped, processes::kill_all;
    the_supervisor_is_stopped:
        NOTHING, "a bench", "a gate that stands still", None => Beaten, processes::stop_supervisor;
    an_open_file_is_inherited:
        NOTHING, "a bench", "a file that the gate holds", Cargo => Beaten, processes::inherited_descriptor;
    open_files_of_others_are_read:
        NOTHING, "a build script", "a file that a parent holds", None => Beaten,
        processes::others_descriptors;
    the_first_process_is_read:
        NAMESPACES, "a build script", "a file that process 1 holds", None => Beaten,
        processes::first_process;
    the_first_process_lends_its_memory:
        NAMESPACES_AND_TRACING, "a bench", "the memory of process 1", None => Beaten,
        processes::first_process_memory;
    the_first_process_lends_its_socket:
        NAMESPACES_AND_TRACING, "a bench", "the socket of process 1", None => Beaten,
        processes::first_process_socket;
    a_process_survives:
        NOTHING, "a bench", "a process that outlives the run", None => Beaten, processes::survivor;

    tcp_is_spoken: NOTHING, "a build script", "a TCP listener", None => Beaten, network::tcp;
    udp_is_spoken: NOTHING, "a bench", "a UDP listener", None => Beaten, network::udp;
    a_name_is_asked_for: NOTHING, "a procedural macro", "a DNS server", None => Beaten, network::dns;
    an_abstract_socket_is_spoken_to:
        NOTHING, "a bench", "an abstract unix socket", None => Beaten, network::abstract_socket;
    a_socket_in_a_folder_is_spoken_to:
        NOTHING, "a build script", "a unix socket in a folder", None => Beaten, network::path_socket;
    a_socket_to_the_hypervisor_is_opened:
        VSOCK, "a bench", "a vsock socket", None => Beaten, network::hypervisor;

    a_shell_profile_is_written:
        NOTHING, "a test binary", "a line in ~/.bashrc", None => Beaten, writes::shell_profile;
    cargos_configuration_is_written:
        NOTHING, "a build script", "CARGO_HOME/config.toml", None => Beaten, writes::cargo_home_config;
    cargos_programs_are_written:
        NOTHING, "a procedural macro", "a program in CARGO_HOME/bin", None => Beaten,
        writes::cargo_home_program;
    sources_of_the_registry_are_written:
        NOTHING, "a build script", "a dependency's unpacked sources", None => Beaten,
        writes::registry_sources;
    a_hook_is_written:
        NOTHING, "a bench", "a hook in the user's repository", None => Beaten, writes::git_hook;
    kept_executables_are_written:
        NOTHING, "a build script", "the base's kept executable", None => Beaten, writes::kept_executables;
    the_bases_checkout_is_written:
        NOTHING, "a build script", "a file in the base's checkout", None => Beaten, writes::base_checkout;
    a_git_filter_is_written:
        NOTHING, "a build script", "a command run by the gate's git", None => Beaten, writes::git_filter;
    the_target_folder_becomes_a_link:
        NOTHING, "a build script", "builds that write elsewhere", None => Stopped, writes::target_is_a_link;

    a_wrapper_of_the_compiler_is_configured:
        NOTHING, "build.rustc-wrapper", "the key in ~/.ssh", None => Stopped, configured::rustc_wrapper;
    another_compiler_is_configured:
        NOTHING, "build.rustc", "the key in ~/.ssh", None => Stopped, configured::rustc;
    another_linker_is_configured:
        NOTHING, "target.*.linker", "the key in ~/.ssh", None => Stopped, configured::linker;
    a_runner_is_configured:
        NOTHING, "target.*.runner", "the key in ~/.ssh", Cargo => Stopped, configured::runner;
    another_path_is_configured:
        NOTHING, "[env] PATH", "the key in ~/.ssh", Cargo => Stopped, configured::path_variable;
    a_credential_provider_is_configured:
        NOTHING, "registries.*.credential-provider", "the key in ~/.ssh", Cargo => Stopped,
        configured::credential_provider;
    another_toolchain_is_named:
        RUSTUP, "rust-toolchain.toml", "the key in ~/.ssh", Cargo => Stopped, configured::toolchain_file;
    a_dependency_lies_outside:
        NOTHING, "a path dependency", "another project's files", None => Stopped,
        configured::path_dependency;
    a_patch_lies_outside:
        NOTHING, "[patch]", "another project's files", None => Stopped, configured::patch;
    a_dependency_is_another_repository:
        NOTHING, "a git dependency", "another project's files", Cargo => Stopped,
        configured::git_dependency;

    processes_multiply:
        NOTHING, "a bench", "2000 processes at once", Cargo => Beaten, bombs::processes;
    processes_multiply_in_a_build:
        NOTHING, "a build script", "4500 processes at once", Cargo => Beaten,
        bombs::processes_of_a_build;
    memory_is_taken:
        NOTHING, "a bench", "a gibibyte of memory", None => Stopped, bombs::memory;
    the_target_folder_is_filled:
        NAMESPACES, "a build script", "all room on the gate's disk", Cargo => Stopped, bombs::target;
    the_temporary_folder_is_filled:
        NAMESPACES, "a bench", "1200 MiB in TMPDIR", None => Beaten, bombs::temporary;

    the_shared_target_folder_is_poisoned:
        NOTHING, "a procedural macro", "code in the next base", None => Stopped, poison::shared_target;
    cargos_messages_are_forged:
        NOTHING, "a build script", "the key in ~/.ssh among what is kept", None => Stopped,
        poison::forged_message;
    the_executable_is_a_link:
        NOTHING, "target.*.linker", "the key in ~/.ssh among what is kept", None => Stopped,
        poison::executable_is_a_link;
    the_executable_is_the_other_sides:
        NOTHING, "a build script", "a slower head that is «unchanged»", None => Stopped,
        poison::executable_of_the_other_side;

    the_clock_is_patched:
        NOTHING, "the measured crate", "a slower head that passes", Cargo => Stopped, cheats::clock;
    samples_are_forged:
        NOTHING, "the measured crate", "a slower head that passes", Cargo => Stopped, cheats::samples;
    the_verdict_is_forged:
        NOTHING, "a bench", "a verdict of the attack's own", None => Beaten, cheats::verdict;
    the_base_sees_what_the_head_left:
        NOTHING, "the measured crate", "a base that is slowed", None => Stopped, cheats::leftovers;
    the_head_remembers:
        NOTHING, "the measured crate", "a head that did its work before", None => Stopped,
        cheats::remembered;
    a_burner_is_left_beside_the_base:
        NOTHING, "the measured crate", "a base that is slowed", None => Stopped, cheats::burner;

    a_key_in_the_kernel_is_read:
        NOTHING, "a bench", "a key of the session's keyring", None => Beaten, kernel::keyring;
    shared_memory_is_read:
        NOTHING, "a build script", "a segment of shared memory", None => Beaten, kernel::shared_memory;
    a_file_system_is_mounted:
        NAMESPACES, "a bench", "a mount in a user namespace", None => Beaten, kernel::mount;
    calls_are_queued:
        IO_URING, "a bench", "a ring of system calls", None => Beaten, kernel::ring;
}
