//! Landlock: what a child may open.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// The newest rules this was read against. An older kernel enforces the part it knows.
const ABI_KNOWN: ABI = ABI::V9;

/// Leaves the child one file to read and one directory to make files in; nothing to execute, list, rename or delete,
/// and where the kernel can (ABI 4 and 6) no TCP, no abstract socket and no signal to the outside either.
pub(super) fn restrict(input: &Path, output: &Path) -> Result<String, String> {
    let status = apply(input, output)?;
    // The crate's own default is best effort: without this check a kernel without Landlock would look like a fence.
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err("this kernel does not enforce it".to_owned()),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!("ABI {}", effective_abi as u8)),
        (_, other) => Err(format!("{other:?}")),
    }
}

fn apply(input: &Path, output: &Path) -> Result<RestrictionStatus, String> {
    let open = |path: &Path| PathFd::new(path).map_err(|error| error.to_string());
    let make_files = AccessFs::MakeReg | AccessFs::WriteFile | AccessFs::Truncate;
    rules(PathBeneath::new(open(input)?, AccessFs::ReadFile), PathBeneath::new(open(output)?, make_files))
        .map_err(|error| error.to_string())
}

fn rules(read: PathBeneath<PathFd>, write: PathBeneath<PathFd>) -> Result<RestrictionStatus, RulesetError> {
    let everything: BitFlags<AccessFs> = AccessFs::from_all(ABI_KNOWN);
    Ruleset::default()
        .handle_access(everything)?
        .handle_access(AccessNet::from_all(ABI_KNOWN))?
        .scope(Scope::from_all(ABI_KNOWN))?
        .create()?
        .add_rule(read)?
        .add_rule(write)?
        .restrict_self()
}
