//! Control groups: limits over all processes of a job together, and what they took.
//!
//! Version 2 where its controllers are handed to this process (systemd: `Delegate=`), else
//! version 1, else none, and then limits of single processes have to do.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Limits,
    mark::{Mark, Supervisor},
    meter::Meter,
};

/// What the folders of our groups begin with; the mark of the job follows.
const PREFIX: &str = "t5-";
/// The group that this process moves to, so that version 2 lets it hand out limits beside it.
const OWN: &str = "t5-own";
const MOUNTED: &str = "/sys/fs/cgroup";

/// Where groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cgroups {
    /// Version 2: one folder for everything.
    Two(PathBuf),
    /// Version 1: a folder for each controller that there is.
    One(Vec<(Controller, PathBuf)>),
    /// None.
    None,
}

/// A controller of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    Memory,
    Pids,
    Cpuacct,
}

impl Controller {
    const ALL: [Self; 3] = [Self::Memory, Self::Pids, Self::Cpuacct];

    fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Pids => "pids",
            Self::Cpuacct => "cpuacct",
        }
    }
}

impl Cgroups {
    /// What this process may use. Removes what runs that are gone left behind.
    pub(super) fn find() -> Self {
        let Ok(own) = fs::read_to_string("/proc/self/cgroup") else { return Self::None };
        let found = two(&own).map_or_else(|| one(&own), Self::Two);
        for folder in found.folders() {
            sweep(folder);
        }
        found
    }

    fn folders(&self) -> Vec<&Path> {
        match self {
            Self::Two(folder) => vec![folder],
            Self::One(all) => all.iter().map(|(_, folder)| folder.as_path()).collect(),
            Self::None => Vec::new(),
        }
    }

    /// Whether all processes of a job share one limit on this.
    pub(super) fn limits(&self, controller: Controller) -> bool {
        match self {
            Self::Two(_) => true,
            Self::One(all) => all.iter().any(|(one, _)| *one == controller),
            Self::None => false,
        }
    }

    /// `cgroup v2`, for a receipt.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Two(_) => Some("cgroup v2"),
            Self::One(_) => Some("cgroup v1"),
            Self::None => None,
        }
    }

    /// Makes a group with limits; they leave this process a share of its own group's.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub(super) fn make(&self, limits: &Limits) -> io::Result<Group> {
        let limits = &self.within_own(limits);
        let name = format!("{PREFIX}{}", Mark::fresh());
        let mut group = Group { folders: Vec::new(), peak: None };
        match self {
            Self::Two(folder) => {
                let folder = group.add(folder.join(name), None)?;
                fs::write(folder.join("memory.max"), limits.memory.to_string())?;
                // Absent where the kernel has no swap.
                let _ = fs::write(folder.join("memory.swap.max"), "0");
                fs::write(folder.join("pids.max"), limits.processes.to_string())?;
                group.peak =
                    File::options().read(true).write(true).open(folder.join("memory.peak")).ok();
            }
            Self::One(all) => {
                for (controller, folder) in all {
                    let folder = group.add(folder.join(&name), Some(*controller))?;
                    match controller {
                        Controller::Memory => {
                            let memory = limits.memory.to_string();
                            fs::write(folder.join("memory.limit_in_bytes"), &memory)?;
                            let _ = fs::write(folder.join("memory.memsw.limit_in_bytes"), &memory);
                        }
                        Controller::Pids => {
                            fs::write(folder.join("pids.max"), limits.processes.to_string())?;
                        }
                        Controller::Cpuacct => {}
                    }
                }
            }
            Self::None => {}
        }
        Ok(group)
    }
}

impl Cgroups {
    /// Limits that are reached before those of the group that this process is in itself: there the
    /// kernel would choose among all, and might end the supervisor.
    fn within_own(&self, limits: &Limits) -> Limits {
        let share =
            |most: u64, own: Option<u64>| most.min(own.map_or(u64::MAX, |own| own - own / 4));
        Limits {
            memory: share(limits.memory, self.own(Controller::Memory)),
            processes: share(limits.processes, self.own(Controller::Pids)),
            ..*limits
        }
    }

    /// What the group of this process, and those above it, allow; none without a limit.
    fn own(&self, controller: Controller) -> Option<u64> {
        let folder = match self {
            Self::Two(folder) => folder,
            Self::One(all) => &all.iter().find(|(one, _)| *one == controller)?.1,
            Self::None => return None,
        };
        let files: &[&str] = match controller {
            Controller::Memory => &["memory.max", "memory.limit_in_bytes"],
            Controller::Pids => &["pids.max"],
            Controller::Cpuacct => &[],
        };
        let number = |path: PathBuf| fs::read_to_string(path).ok()?.trim().parse().ok();
        let above = folder.ancestors().take_while(|above| above.starts_with(MOUNTED));
        above
            .flat_map(|folder| files.iter().filter_map(move |file| number(folder.join(file))))
            .min()
    }
}

/// The folder of version 2 that this process is in, if it may hand out memory and pids there.
fn two(own: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mount = [MOUNTED.to_owned(), format!("{MOUNTED}/unified")]
        .into_iter()
        .map(PathBuf::from)
        .find(|mount| mount.join("cgroup.controllers").exists())?;
    let folder = mount.join(path);
    // A process that moved itself once stands below the folder that was handed to it.
    let folder = if folder.ends_with(OWN) { folder.parent()?.to_owned() } else { folder };
    let has = |file: &str| {
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        words.contains(&"memory") && words.contains(&"pids")
    };
    if !has("cgroup.controllers") {
        return None;
    }
    if !has("cgroup.subtree_control") {
        hand_out(&folder).ok()?;
    }
    has("cgroup.subtree_control").then_some(folder)
}

/// Version 2 hands controllers only to groups beside processes: this one steps aside first. Refused
/// where it is not alone in its group.
fn hand_out(folder: &Path) -> io::Result<()> {
    let aside = folder.join(OWN);
    let step_to =
        |group: &Path| fs::write(group.join("cgroup.procs"), std::process::id().to_string());
    fs::create_dir_all(&aside)?;
    step_to(&aside)?;
    let handed_out = fs::write(folder.join("cgroup.subtree_control"), "+memory +pids");
    if handed_out.is_err() {
        step_to(folder)?;
        fs::remove_dir(&aside)?;
    }
    handed_out
}

fn one(own: &str) -> Cgroups {
    let found = Controller::ALL.into_iter().filter_map(|controller| {
        let named = |names: &str| names.split(',').any(|name| name == controller.word());
        let path = own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            fields.next()?;
            named(fields.next()?).then(|| fields.next())?
        })?;
        let folder = Path::new(MOUNTED).join(controller.word()).join(path.trim_start_matches('/'));
        let probe = folder.join(format!("{PREFIX}{}", Mark::fresh()));
        fs::create_dir(&probe).ok()?;
        fs::remove_dir(&probe).ok()?;
        Some((controller, folder))
    });
    match found.collect::<Vec<_>>() {
        all if all.is_empty() => Cgroups::None,
        all => Cgroups::One(all),
    }
}

/// Removes the groups of supervisors that are gone; their processes died with them.
fn sweep(folder: &Path) {
    let (Ok(entries), Some(own)) = (fs::read_dir(folder), Supervisor::this()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let mark = name.to_str().and_then(|name| Mark::parse(name.strip_prefix(PREFIX)?));
        if mark.is_some_and(|mark| mark.supervisor.is_gone_beside(&own)) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The group of one job; removed when it is dropped, and its processes are gone.
#[derive(Debug)]
pub(super) struct Group {
    folders: Vec<(Option<Controller>, PathBuf)>,
    peak: Option<File>,
}

impl Group {
    fn add(&mut self, folder: PathBuf, controller: Option<Controller>) -> io::Result<PathBuf> {
        fs::create_dir(&folder)?;
        self.folders.push((controller, folder.clone()));
        Ok(folder)
    }

    /// What a process has to join.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|(_, folder)| folder.clone()).collect()
    }

    fn of(&self, controller: Controller) -> Option<(&Path, bool)> {
        let fits = |of: &Option<Controller>| of.is_none_or(|one| one == controller);
        let (of, folder) = self.folders.iter().find(|(of, _)| fits(of))?;
        Some((folder, of.is_none()))
    }

    /// Processor time of all that ever ran in it.
    pub(super) fn spent(&self) -> Option<Duration> {
        self.meter()?.read()
    }

    /// What reads that.
    pub(super) fn meter(&self) -> Option<Meter> {
        let (folder, two) = self.of(Controller::Cpuacct)?;
        let file = folder.join(if two { "cpu.stat" } else { "cpuacct.usage" });
        Some(Meter::of_group(file, two))
    }

    /// Forgets the most memory that was used so far. Says whether the kernel can.
    pub(super) fn forget_peak(&mut self) -> bool {
        if let Some(file) = &mut self.peak {
            return file.write_all(b"reset").is_ok();
        }
        let Some((folder, false)) = self.of(Controller::Memory) else { return false };
        fs::write(folder.join("memory.max_usage_in_bytes"), "0").is_ok()
    }

    /// The most memory that was used at once since it was last forgotten, in bytes.
    pub(super) fn peak(&mut self) -> Option<u64> {
        if let Some(file) = &mut self.peak {
            let mut text = String::new();
            file.rewind().ok()?;
            file.read_to_string(&mut text).ok()?;
            return text.trim().parse().ok();
        }
        let (folder, two) = self.of(Controller::Memory)?;
        let text = fs::read_to_string(folder.join("memory.max_usage_in_bytes")).ok()?;
        (!two).then(|| text.trim().parse().ok())?
    }

    /// Whether no process is left in it.
    pub(super) fn is_empty(&self) -> bool {
        let left = |folder: &PathBuf| fs::read_to_string(folder.join("cgroup.procs"));
        self.folders.iter().all(|(_, folder)| left(folder).is_ok_and(|left| left.is_empty()))
    }

    /// How many processes the kernel killed in it because memory was used up.
    pub(super) fn killed_for_memory(&self) -> u64 {
        let Some((folder, two)) = self.of(Controller::Memory) else { return 0 };
        let file = if two { "memory.events" } else { "memory.oom_control" };
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (_, folder) in &self.folders {
            // Processes that were killed may be on their way out still.
            for _ in 0..50 {
                match fs::remove_dir(folder) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}
