//! Landlock: what a child may open.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// The newest rules this was read against. An older kernel enforces the part it knows.
const ABI_KNOWN: ABI = ABI::V9;

/// Where programs, their libraries and fonts are installed; a tool may read all of it. None of it is anybody's media.
const SYSTEM: [&str; 6] = ["/usr", "/lib", "/lib64", "/etc/alternatives", "/etc/fonts", "/var/cache/fontconfig"];
/// The other files a dynamic loader and a C library open.
const SYSTEM_FILES: [&str; 2] = ["/etc/ld.so.cache", "/dev/urandom"];
/// The loaders, which the kernel executes on behalf of the tool. Each machine has the one of its processor.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/// Leaves the child one file to read and one directory to make files in; nothing to list, rename or delete, and where the
/// kernel can (ABI 4 and 6) no TCP, no abstract socket and no signal to the outside either. Nothing can be executed but
/// `program`, for which the system's own files are opened too.
pub(super) fn restrict(input: &Path, output: &Path, program: Option<&Path>) -> Result<String, String> {
    let mut allowed = vec![allow(input, AccessFs::ReadFile.into())?];
    let make_files = AccessFs::MakeReg | AccessFs::WriteFile | AccessFs::Truncate;
    match program {
        None => allowed.push(allow(output, make_files)?),
        Some(program) => {
            // An MP4 is read again once it is written, to put its index before its pictures.
            allowed.push(allow(output, make_files | AccessFs::ReadFile)?);
            allowed.extend(for_program(program)?);
        }
    }
    let status = apply(allowed).map_err(|error| error.to_string())?;
    // The crate's own default is best effort: without this check a kernel without Landlock would look like a fence.
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err("this kernel does not enforce it".to_owned()),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!("ABI {}", effective_abi as u8)),
        (_, other) => Err(format!("{other:?}")),
    }
}

/// What `program` needs in order to start: itself and its loader to execute, the system to read.
fn for_program(program: &Path) -> Result<Vec<PathBeneath<PathFd>>, String> {
    let run = AccessFs::Execute | AccessFs::ReadFile;
    let groups: [(&[&str], BitFlags<AccessFs>); 4] = [
        (&SYSTEM, AccessFs::ReadFile | AccessFs::ReadDir),
        (&SYSTEM_FILES, AccessFs::ReadFile.into()),
        (&LOADERS, run),
        (&["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile),
    ];
    let mut allowed = vec![allow(program, run)?];
    for (paths, access) in groups {
        // Not every machine has each of them; the program itself will say what it misses.
        for path in paths.iter().map(Path::new).filter(|path| path.exists()) {
            allowed.push(allow(path, access)?);
        }
    }
    Ok(allowed)
}

fn allow(path: &Path, access: BitFlags<AccessFs>) -> Result<PathBeneath<PathFd>, String> {
    let opened = PathFd::new(path).map_err(|error| error.to_string())?;
    Ok(PathBeneath::new(opened, access))
}

fn apply(allowed: Vec<PathBeneath<PathFd>>) -> Result<RestrictionStatus, RulesetError> {
    let everything: BitFlags<AccessFs> = AccessFs::from_all(ABI_KNOWN);
    Ruleset::default()
        .handle_access(everything)?
        .handle_access(AccessNet::from_all(ABI_KNOWN))?
        .scope(Scope::from_all(ABI_KNOWN))?
        .create()?
        .add_rules(allowed.into_iter().map(Ok::<_, RulesetError>))?
        .restrict_self()
}
