//! What a child may use up: the kernel's ceilings, whatever a decoder believes of its own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::Limits;

/// Open files: three pipes, the input, and one output for each encoder at work.
const DESCRIPTORS: u64 = 32;

pub(super) fn limit(limits: &Limits) -> Result<String, String> {
    let ceilings = [
        ("address space", Resource::As, limits.address_space_bytes, limits.address_space_bytes),
        // At the soft limit SIGXCPU tells a time-out from a crash; the hard one is for a decoder that would ignore it.
        ("CPU time", Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds + 1),
        ("file size", Resource::Fsize, limits.output_bytes, limits.output_bytes),
        ("descriptors", Resource::Nofile, DESCRIPTORS, DESCRIPTORS),
        // A core dump would write the picture to the disk of a server that promises not to.
        ("core dumps", Resource::Core, 0, 0),
        // Not RLIMIT_NPROC: it counts all processes of the user, the server's own threads too, and does not bind root.
        // That no process is started is seccomp's to hold.
    ];
    for (name, resource, soft, hard) in ceilings {
        // A ceiling that is lower already stays: only root could raise it, and nobody should.
        let hard = getrlimit(resource).maximum.map_or(hard, |present| present.min(hard));
        let soft = soft.min(hard);
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(format!("{} MiB, {} s of CPU", limits.address_space_bytes >> 20, limits.cpu_seconds))
}
