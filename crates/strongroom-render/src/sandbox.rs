//! What a child does to itself before it reads a byte of the media.
//!
//! Four layers, each against what the others let through; the decision record is docs/adr/0008-sandbox.md.
//!
//! | layer | holds | without it |
//! |---|---|---|
//! | [`descent`] | dies with its parent, holds no descriptor of it, gains no privilege | orphans; an inherited socket |
//! | [`resources`] | memory, CPU, file size, descriptors, no core dump | one bomb takes the machine |
//! | [`files`] (Landlock) | reads one file, writes one directory, executes nothing or one program | the catalog, other tenants' blobs |
//! | [`system_calls`] (seccomp) | no socket, process, signal, trace; no call that decoding does not need | network, kernel bugs |

mod descent;
mod files;
mod resources;
pub(crate) mod self_test;
mod system_calls;

use crate::order::{Confinement, Layer, Order};
use system_calls::Work;

/// Whether media may be decoded on a kernel that lacks a layer of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// No: refuse and name the layer.
    Required,
    /// Yes (`--allow-unsandboxed`): apply the layers that there are and work without the others.
    Unsandboxed,
}

/// Applies one layer; says how much of it is enforced, or why none.
type Apply<'a> = &'a dyn Fn() -> Result<String, String>;

/// Applies every layer in order. Returns what is enforced, or the first layer that is missing and insisted on.
pub(crate) fn enter(order: &Order) -> Result<Vec<Layer>, Layer> {
    if order.confinement == Confinement::Nothing {
        return Ok(Vec::new());
    }
    let work = if order.task.program().is_some() { Work::Program } else { Work::Ours };
    let layers: [(&str, Apply<'_>); 4] = [
        ("no_new_privs", &descent::renounce_privileges),
        ("rlimits", &|| resources::limit(&order.limits)),
        ("landlock", &|| files::restrict(&order.input, &order.output, order.task.program())),
        // Last: it takes away the calls that the others are made with.
        ("seccomp", &|| system_calls::restrict(work)),
    ];
    let mut entered = Vec::with_capacity(layers.len());
    for (name, apply) in layers {
        let layer = match apply() {
            Ok(detail) => Layer { name: name.to_owned(), enforced: true, detail },
            Err(detail) => Layer { name: name.to_owned(), enforced: false, detail },
        };
        if !layer.enforced && order.confinement == Confinement::Required {
            return Err(layer);
        }
        entered.push(layer);
    }
    Ok(entered)
}

pub(crate) use descent::{close_inherited, die_with_parent, is_orphan};
