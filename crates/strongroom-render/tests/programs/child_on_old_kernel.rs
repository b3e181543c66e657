//! The child as it would be on a kernel without Landlock: the call that asks for it does not exist.

use std::collections::BTreeMap;
use std::process::ExitCode;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

fn main() -> ExitCode {
    match hide_landlock() {
        Ok(()) => strongroom_render::child_main(),
        Err(_) => ExitCode::FAILURE,
    }
}

fn hide_landlock() -> Result<(), Box<dyn std::error::Error>> {
    let hidden = BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(hidden, SeccompAction::Allow, unknown, std::env::consts::ARCH.try_into()?)?;
    Ok(seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?)
}
