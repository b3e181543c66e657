//! Which tools this machine has: for `doctor` and for health.

use super::tool::{Run, Tool, run};
use crate::renderer::Renderer;

/// Seconds a tool may take to tell its version.
const VERSION_SECONDS: u64 = 10;

/// A program of this machine that films, sound and the previews of PDFs need.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ToolReport {
    /// `ffmpeg`, `ffprobe` or `pdftoppm`.
    pub name: &'static str,
    /// The version it tells of itself, run in the sandbox; none if it is missing or does not run there.
    pub version: Option<String>,
}

impl Renderer {
    /// The programs that are not ours, and whether this machine has them. Without them most photos are rendered all the same.
    pub async fn tools(&self) -> Vec<ToolReport> {
        let mut reports = Vec::new();
        for tool in [Tool::Ffmpeg, Tool::Ffprobe, Tool::Pdftoppm] {
            reports.push(ToolReport { name: tool.name(), version: version(self, tool).await });
        }
        reports
    }
}

/// The third word of "ffmpeg version 5.1.9-0+deb12u1 Copyright …", which poppler's programs say on stderr.
async fn version(renderer: &Renderer, tool: Tool) -> Option<String> {
    let scratch = tempfile::tempdir().ok()?;
    let word = if tool == Tool::Pdftoppm { "-v" } else { "-version" };
    let arguments = vec![word.to_owned()];
    let program = tool.find()?;
    let errand = Run { tool, arguments, input: &program, directory: scratch.path(), seconds: VERSION_SECONDS };
    let ran = run(renderer, errand, None).await.ok()?;
    let text = String::from_utf8_lossy(&ran.stdout) + ran.stderr_tail.as_str();
    text.split_ascii_whitespace().nth(2).filter(|_| ran.is_success).map(str::to_owned)
}
