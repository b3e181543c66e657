//! What renders: the sandbox, as this kernel has it, and the programs in it.

use strongroom_render::{Renderer, Sandbox};

use super::{Finding, Patient};
use crate::app::canary;
use crate::config::Config;

pub(super) async fn examine(patient: &Patient, config: &Config) -> Vec<Finding> {
    let renderer = Renderer::new(patient.program.clone(), config.render.limits.clone(), Sandbox::Required);
    let mut findings = sandbox(patient, &renderer).await;
    for tool in renderer.tools().await {
        findings.push(match tool.version {
            Some(version) => Finding::ok("tool", format!("{} {version}", tool.name)),
            None => Finding::fail(
                "tool",
                format!("{} is missing: what needs it is only kept", tool.name),
                "apt-get install ffmpeg poppler-utils",
            ),
        });
    }
    findings
}

async fn sandbox(patient: &Patient, renderer: &Renderer) -> Vec<Finding> {
    const REMEDY: &str = "Linux 6.12 or newer with Landlock and seccomp; in a container, let it use them";
    let canary = match canary(&patient.data_dir) {
        Ok(canary) => canary,
        Err(error) => return vec![Finding::fail("sandbox", error.to_string(), "make the data directory writable")],
    };
    match renderer.self_test(&canary).await {
        Err(error) => vec![Finding::fail("sandbox", error.to_string(), REMEDY)],
        Ok(report) => {
            let layers = report.layers.into_iter().map(|layer| {
                let detail = format!("{}, {}", layer.name, layer.detail);
                Finding::judge("sandbox layer", layer.enforced, detail, REMEDY)
            });
            let attempts = report.attempts.into_iter().map(|attempt| {
                let detail = format!("{} ({})", attempt.name, attempt.detail);
                Finding::judge("sandbox refuses", attempt.refused, detail, REMEDY)
            });
            layers.chain(attempts).collect()
        }
    }
}
