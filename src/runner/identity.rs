//! Whether two executables are the same program.

use std::{fs, io, path::Path};

use object::{Object as _, ObjectSection as _, SectionFlags, elf};

/// Whether everything that is loaded to run is the same in both files.
///
/// The build id is left out: it is a digest over the debug information too, and
/// nothing that runs depends on it.
///
/// # Errors
///
/// If a file cannot be read.
pub fn identical(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::read(one)?, fs::read(other)?);
    if one == other {
        return Ok(true);
    }
    Ok(match (loaded(&one), loaded(&other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    })
}

/// Name, address and bytes of each section that is loaded.
type Section<'a> = (String, u64, u64, &'a [u8]);

fn loaded(bytes: &[u8]) -> Option<Vec<Section<'_>>> {
    let file = object::File::parse(bytes).ok()?;
    file.sections()
        .filter(|section| match section.flags() {
            SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(elf::SHF_ALLOC),
            _ => true,
        })
        .filter(|section| section.name() != Ok(".note.gnu.build-id"))
        .map(|section| {
            let name = section.name().ok()?.to_owned();
            Some((name, section.address(), section.size(), section.data().ok()?))
        })
        .collect()
}
