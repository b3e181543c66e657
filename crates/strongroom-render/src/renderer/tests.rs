use super::*;

fn renderer() -> Renderer {
    Renderer::new("/nonexistent".into(), Limits::default(), Sandbox::Required)
}

fn made(name: RenditionName) -> Made {
    Made { name, format: RenditionFormat::Jpeg, size: Size::new(1, 1) }
}

fn report(renditions: Vec<Made>) -> Report {
    let (format, size) = (Format::Jpeg, Size::new(1, 1));
    Report { format, size, sha256: "ab".repeat(32), renditions, steps: Vec::new(), peak_resident_kib: 0 }
}

fn refusal(report: Report, output: &Path) -> String {
    match renderer().judge(report, output) {
        Err(RenderError::Broken(reason)) => reason,
        other => panic!("believed: {other:?}"),
    }
}

#[test]
fn a_report_that_fits_its_files_is_believed() {
    let output = tempfile::tempdir().unwrap();
    std::fs::write(output.path().join("full.jpg"), b"bytes").unwrap();
    let rendered = renderer().judge(report(vec![made(RenditionName::Full)]), output.path()).unwrap();
    assert_eq!(rendered.sha256, [0xab; 32]);
    assert_eq!(rendered.renditions[0].bytes, 5);
    assert_eq!(rendered.renditions[0].file, output.path().join("full.jpg"));
}

#[test]
fn a_report_that_lies_is_not() {
    let output = tempfile::tempdir().unwrap();
    let full = output.path().join("full.jpg");
    assert!(refusal(report(Vec::new()), output.path()).contains("not its first"));
    assert!(refusal(report(vec![made(RenditionName::Thumb)]), output.path()).contains("not its first"));
    assert!(refusal(report(vec![made(RenditionName::Full)]), output.path()).contains("full.jpg"));
    std::os::unix::fs::symlink("/etc/passwd", &full).unwrap();
    assert!(refusal(report(vec![made(RenditionName::Full)]), output.path()).contains("no regular file"));
    std::fs::remove_file(&full).unwrap();
    std::fs::write(&full, b"").unwrap();
    assert!(refusal(report(vec![made(RenditionName::Full)]), output.path()).contains("no regular file"));
    std::fs::write(&full, b"bytes").unwrap();
    assert!(
        refusal(report(vec![made(RenditionName::Full), made(RenditionName::Full)]), output.path()).contains("twice")
    );
    let digest = Report { sha256: "Ü".repeat(32), ..report(vec![made(RenditionName::Full)]) };
    assert!(refusal(digest, output.path()).contains("digest"));
}

#[test]
fn every_way_to_end_has_a_meaning() {
    let finished = |ending| door::Finished { ending, stdout: b"no answer".to_vec(), stderr_tail: "why".to_owned() };
    let code = |ending| match read_answer(&finished(ending), 30) {
        Err(RenderError::Failed(failure)) => Some(failure.code),
        Err(RenderError::Broken(_)) => None,
        Err(RenderError::Animated) => panic!("read as an animation"),
        Ok(answer) => panic!("read as {answer:?}"),
    };
    assert_eq!(code(Ending::OutOfTime), Some(FailureCode::Timeout));
    assert_eq!(code(Ending::Silent), Some(FailureCode::Timeout));
    assert_eq!(code(Ending::Signalled(libc::SIGXCPU)), Some(FailureCode::Timeout));
    assert_eq!(code(Ending::Signalled(libc::SIGXFSZ)), Some(FailureCode::TooLarge));
    for signal in [libc::SIGKILL, libc::SIGSEGV, libc::SIGSYS, libc::SIGABRT, libc::SIGBUS] {
        assert_eq!(code(Ending::Signalled(signal)), Some(FailureCode::DecoderCrash));
    }
    assert_eq!(code(Ending::Exited(101)), Some(FailureCode::DecoderCrash));
    assert_eq!(code(Ending::Exited(1)), None);
    assert_eq!(code(Ending::Exited(0)), None, "an unreadable answer");
}
