//! Attacks by the code of a change. Each goes for a prize that the test planted, and is run twice:
//! as a plain child process, where it has to win, or it would prove nothing; and in the sandbox,
//! where it must not.

mod arena;
mod bombs;
mod cheats;
mod configured;
mod ears;
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

/// Whether `t5 run` knows `--isolation` yet.
const FLAG: bool = false;

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
const NAMESPACES: &[Need] = &[Need(
    "[ $(id -u) = 0 ] || own='--user --map-current-user --keep-caps'; \
     unshare $own --pid --fork --mount-proc true && \
     unshare $own --mount mount -t tmpfs t5-arena /mnt",
    "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, \
     kernel.apparmor_restrict_unprivileged_userns=0",
)];
const TRACING: &[Need] = &[Need(
    "[ $(id -u) = 0 ] || ! [ -e /proc/sys/kernel/yama/ptrace_scope ] || \
     [ $(cat /proc/sys/kernel/yama/ptrace_scope) = 0 ]",
    "run as root, or sysctl kernel.yama.ptrace_scope=0",
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
    pub expect: Expect,
    pub play: fn(&Arena) -> Fought,
}

/// Runs an attack without protection, then in the sandbox.
fn contest(attack: &Attack) {
    let Attack { name, way, prize, needs, .. } = attack;
    let has = |Need(test, mend): &Need| not_run::needs(name, &["/bin/sh", "-c", test], mend);
    if !needs.iter().all(has) {
        return;
    }
    let arena = Arena::new(Level::None);
    let fought = (attack.play)(&arena);
    assert!(
        fought.won.is_some(),
        "{name}: by {way} it did not even win «{prize}» unprotected, and proves nothing: {:?}\n{}",
        fought.ended,
        fought.ended.said
    );
    if !FLAG || !not_run::needs(name, &["bwrap", "--version"], BUBBLEWRAP) {
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

/// The table: each row is a test. What it needs, how it comes in, the prize, how it should end.
macro_rules! attacks {
    ($($name:ident: $needs:ident, $way:literal, $prize:literal, $expect:ident, $play:path;)*) => {
        $(
            #[test]
            fn $name() {
                contest(&Attack {
                    name: stringify!($name),
                    way: $way,
                    prize: $prize,
                    needs: $needs,
                    expect: Expect::$expect,
                    play: $play,
                });
            }
        )*
    };
}

attacks! {
    the_users_key_is_read:
        NOTHING, "a build script", "the key in ~/.ssh", Beaten, reads::ssh_key;
    the_apps_key_is_read:
        NOTHING, "a procedural macro", "the App's private key", Beaten, reads::app_key;
    the_database_is_read:
        NOTHING, "a bench", "the server's database", Beaten, reads::database;
    another_checkout_is_read:
        NOTHING, "a test binary", "another repository's files", Beaten, reads::other_checkout;
    the_files_of_another_process_are_read:
        NOTHING, "a bench", "the key in ~/.ssh, by /proc/*/root", Beaten, reads::others_root;
    a_link_in_the_checkout_is_followed:
        NOTHING, "a symbolic link", "the key in ~/.ssh", Stopped, reads::link;
    a_key_is_compiled_in:
        NOTHING, "include_str!", "the key in ~/.ssh", Stopped, reads::compiled_in;

    the_supervisors_environment_is_read:
        NOTHING, "a bench", "a variable of the gate", Beaten, processes::environment;
    command_lines_are_read:
        NOTHING, "a build script", "a password in a command line", Beaten, processes::command_lines;
    the_supervisors_memory_is_read:
        TRACING, "a bench", "the gate's memory", Beaten, processes::memory;
    the_supervisor_is_traced:
        TRACING, "a bench", "control of the gate", Beaten, processes::trace;
    everybody_is_killed:
        NAMESPACES, "a build script", "the gate's death", Stopped, processes::kill_all;
    the_supervisor_is_stopped:
        NOTHING, "a bench", "a gate that stands still", Beaten, processes::stop_supervisor;
    an_open_file_is_inherited:
        NOTHING, "a bench", "a file that the gate holds", Beaten, processes::inherited_descriptor;
    open_files_of_others_are_read:
        NOTHING, "a build script", "a file that a parent holds", Beaten,
        processes::others_descriptors;
    the_first_process_is_read:
        NAMESPACES, "a build script", "a file that process 1 holds", Beaten,
        processes::first_process;
    a_process_survives:
        NOTHING, "a bench", "a process that outlives the run", Beaten, processes::survivor;

    tcp_is_spoken: NOTHING, "a build script", "a TCP listener", Beaten, network::tcp;
    udp_is_spoken: NOTHING, "a bench", "a UDP listener", Beaten, network::udp;
    a_name_is_asked_for: NOTHING, "a procedural macro", "a DNS server", Beaten, network::dns;
    an_abstract_socket_is_spoken_to:
        NOTHING, "a bench", "an abstract unix socket", Beaten, network::abstract_socket;
    a_socket_in_a_folder_is_spoken_to:
        NOTHING, "a build script", "a unix socket in a folder", Beaten, network::path_socket;
    a_socket_to_the_hypervisor_is_opened:
        VSOCK, "a bench", "a vsock socket", Beaten, network::hypervisor;

    a_shell_profile_is_written:
        NOTHING, "a test binary", "a line in ~/.bashrc", Beaten, writes::shell_profile;
    cargos_configuration_is_written:
        NOTHING, "a build script", "CARGO_HOME/config.toml", Beaten, writes::cargo_home_config;
    cargos_programs_are_written:
        NOTHING, "a procedural macro", "a program in CARGO_HOME/bin", Beaten,
        writes::cargo_home_program;
    sources_of_the_registry_are_written:
        NOTHING, "a build script", "a dependency's unpacked sources", Beaten,
        writes::registry_sources;
    a_hook_is_written:
        NOTHING, "a bench", "a hook in the user's repository", Beaten, writes::git_hook;
    kept_executables_are_written:
        NOTHING, "a build script", "the base's kept executable", Beaten, writes::kept_executables;
    the_bases_checkout_is_written:
        NOTHING, "a build script", "a file in the base's checkout", Beaten, writes::base_checkout;
    a_git_filter_is_written:
        NOTHING, "a build script", "a command run by the gate's git", Beaten, writes::git_filter;
    the_target_folder_becomes_a_link:
        NOTHING, "a build script", "builds that write elsewhere", Stopped, writes::target_is_a_link;

    a_wrapper_of_the_compiler_is_configured:
        NOTHING, "build.rustc-wrapper", "the key in ~/.ssh", Stopped, configured::rustc_wrapper;
    another_compiler_is_configured:
        NOTHING, "build.rustc", "the key in ~/.ssh", Stopped, configured::rustc;
    another_linker_is_configured:
        NOTHING, "target.*.linker", "the key in ~/.ssh", Stopped, configured::linker;
    another_path_is_configured:
        NOTHING, "[env] PATH", "the key in ~/.ssh", Stopped, configured::path_variable;
    a_credential_provider_is_configured:
        NOTHING, "registries.*.credential-provider", "the key in ~/.ssh", Stopped,
        configured::credential_provider;
    another_toolchain_is_named:
        RUSTUP, "rust-toolchain.toml", "the key in ~/.ssh", Stopped, configured::toolchain_file;
    a_dependency_lies_outside:
        NOTHING, "a path dependency", "another project's files", Stopped,
        configured::path_dependency;
    a_patch_lies_outside:
        NOTHING, "[patch]", "another project's files", Stopped, configured::patch;
    a_dependency_is_another_repository:
        NOTHING, "a git dependency", "another project's files", Stopped,
        configured::git_dependency;

    processes_multiply:
        NOTHING, "a bench", "2000 processes at once", Beaten, bombs::processes;
    memory_is_taken:
        NOTHING, "a bench", "a gibibyte of memory", Stopped, bombs::memory;
    the_target_folder_is_filled:
        NAMESPACES, "a build script", "all room on the gate's disk", Stopped, bombs::target;
    the_temporary_folder_is_filled:
        NAMESPACES, "a bench", "1200 MiB in TMPDIR", Beaten, bombs::temporary;
    the_receipt_is_filled:
        NOTHING, "a bench", "a receipt of more than 4 MiB", Stopped, bombs::names;

    the_shared_target_folder_is_poisoned:
        NOTHING, "a procedural macro", "code in the next base", Stopped, poison::shared_target;
    cargos_messages_are_forged:
        NOTHING, "a build script", "the key in ~/.ssh among what is kept", Stopped,
        poison::forged_message;
    the_executable_is_a_link:
        NOTHING, "target.*.linker", "the key in ~/.ssh among what is kept", Stopped,
        poison::executable_is_a_link;
    the_executable_is_the_other_sides:
        NOTHING, "target.*.linker", "a slower head that is «unchanged»", Stopped,
        poison::executable_of_the_other_side;
    the_sample_is_a_pipe:
        NOTHING, "a bench", "a gate that waits for ever", Stopped, poison::sample_is_a_pipe;

    the_clock_is_patched:
        NOTHING, "the measured crate", "a slower head that passes", Stopped, cheats::clock;
    samples_are_forged:
        NOTHING, "the measured crate", "a slower head that passes", Stopped, cheats::samples;
    the_verdict_is_forged:
        NOTHING, "a bench", "a verdict of the attack's own", Beaten, cheats::verdict;
    the_base_sees_what_the_head_left:
        NOTHING, "the measured crate", "a base that is slowed", Stopped, cheats::leftovers;
    a_burner_is_left_beside_the_base:
        NOTHING, "the measured crate", "a base that is slowed", Stopped, cheats::burner;

    a_key_in_the_kernel_is_read:
        NOTHING, "a bench", "a key of the session's keyring", Beaten, kernel::keyring;
    shared_memory_is_read:
        NOTHING, "a build script", "a segment of shared memory", Beaten, kernel::shared_memory;
    a_file_system_is_mounted:
        NAMESPACES, "a bench", "a mount in a user namespace", Beaten, kernel::mount;
}
