//! Every metric there is. What is counted under another name is not shown in docs/reference/metrics.md, and a test compares
//! that page and a running server with this list.

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// What is so now.
    Gauge,
    /// How many were at most so much.
    Histogram(&'static [f64]),
}

/// One metric.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Each with the values that it is shown with from the start; none where what is asked for decides.
    pub(super) labels: &'static [(&'static str, &'static [&'static str])],
    pub(super) unit: &'static str,
    pub(super) meaning: &'static str,
}

/// Upper bounds in seconds: of answers, most of which take milliseconds, and of renders, from a thumbnail to a long film.
const ANSWER_SECONDS: Kind = Kind::Histogram(&[0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0]);
const RENDER_SECONDS: Kind = Kind::Histogram(&[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0]);

const JOB_KINDS: &[&str] = &["render_photo", "render_film"];
const OUTCOMES: &[&str] = &["done", "failed", "retried", "broken", "handed_over", "no_room", "lease_lost", "cut_off"];

const fn counter(
    name: &'static str,
    labels: &'static [(&'static str, &'static [&'static str])],
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Counter, labels, unit, meaning }
}

const fn gauge(
    name: &'static str,
    labels: &'static [(&'static str, &'static [&'static str])],
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, unit, meaning }
}

const fn histogram(
    name: &'static str,
    kind: Kind,
    labels: &'static [(&'static str, &'static [&'static str])],
    meaning: &'static str,
) -> Metric {
    Metric { name, kind, labels, unit: "seconds", meaning }
}

/// Names metrics and lists them, in the order of the page.
macro_rules! listed {
    ($(#[$meta:meta])* $list:ident: $($constant:ident = $metric:expr;)+) => {
        $(pub(super) const $constant: Metric = $metric;)+

        $(#[$meta])*
        pub(super) const $list: &[Metric] = &[$($constant),+];
    };
}

listed! {
    /// What the recorder keeps.
    METRICS:
    REQUESTS = counter(
        "strongroom_http_requests_total", &[("method", &[]), ("route", &[]), ("status", &[])], "requests",
        "Requests answered. `route` is the pattern that matched, such as `/media/{media}/{file}`, or `unmatched`; `method` is \
         `other` where it is none of HTTP's own.",
    );
    ANSWER = histogram(
        "strongroom_http_request_seconds", ANSWER_SECONDS, &[("method", &[]), ("route", &[])],
        "From a request's head to the head of its answer. A part's body is in it, a delivered file's is not.",
    );
    PROBLEMS = counter(
        "strongroom_http_problems_total", &[("type", &[])], "answers",
        "Refusals and failures by the `type` of their body.",
    );
    RECEIVED = counter(
        "strongroom_http_request_bytes_total", &[], "bytes",
        "What came in over connections: heads, bodies, and what broke off.",
    );
    SENT = counter(
        "strongroom_http_response_bytes_total", &[], "bytes", "What went out over connections, counted likewise.",
    );
    CONNECTIONS = gauge("strongroom_open_connections", &[], "connections", "Connections that are open.");
    CONNECTIONS_REFUSED = counter(
        "strongroom_connections_refused_total", &[], "connections",
        "Connections closed at once, because their address had `server.max_connections_per_address`.",
    );
    PARTS = counter(
        "strongroom_upload_parts_total", &[], "parts", "Parts acknowledged. A part that is sent twice counts twice.",
    );
    PART_BYTES = counter("strongroom_upload_bytes_total", &[], "bytes", "Bytes of those parts.");
    COMPLETED = counter(
        "strongroom_uploads_completed_total", &[], "uploads", "Uploads that became a media here.",
    );
    DELIVERY = counter(
        "strongroom_delivery_total",
        &[(
            "outcome",
            &["whole", "partial", "not_modified", "redirected", "signature", "expired", "consent", "not_found", "range", "failed"],
        )],
        "answers",
        "Answers to signed URLs of renditions: with the file, with a range of it, with 304, by way of the bucket; refused for the signature, for an \
         URL that has expired or was withdrawn, for a release form, because there is no such file, for the range; failed here.",
    );
    JOBS = gauge(
        "strongroom_jobs", &[("kind", JOB_KINDS), ("state", &["ready", "running", "dead"])], "jobs",
        "Jobs in the catalog, of all processes. `ready` ones wait, for a worker or for their next attempt; `dead` ones have used \
         up their attempts and wait for `strongroom jobs retry`. Done jobs are not counted.",
    );
    OLDEST_JOB = gauge(
        "strongroom_job_oldest_seconds", &[("kind", JOB_KINDS)], "seconds",
        "How long the job has waited that could have been begun the longest; 0 where none waits.",
    );
    STUCK_JOBS = gauge(
        "strongroom_stuck_jobs", &[], "jobs",
        "Jobs whose worker's lease ran out more than another lease ago and that nobody has taken over. Not 0 for longer than a \
         minute: no worker lives that takes this kind.",
    );
    STUCK_UPLOADS = gauge(
        "strongroom_stuck_uploads", &[], "uploads",
        "Uploads that have been completing for more than five minutes, which no retry and no sweep could end.",
    );
    RENDER = histogram(
        "strongroom_render_seconds", RENDER_SECONDS, &[("kind", JOB_KINDS), ("outcome", OUTCOMES)],
        "Attempts at a job, by how they ended. Waiting for memory is in it. `failed` is the media's fault and final, `retried` \
         and `broken` are tried again.",
    );
    CHILD_KILLS = counter(
        "strongroom_child_kills_total",
        &[("reason", &["wall_clock", "silence", "chatter", "cpu_time", "file_size", "signal", "abandoned"])],
        "processes",
        "Children that did not end by themselves: out of time, without progress, for saying too much, at the kernel's limits of \
         processor time or file size, by any other signal (a crash, or out of memory), or because their job was given up.",
    );
    SWEEP_FAILURES = counter(
        "strongroom_sweep_failures_total", &[("step", &[])], "steps",
        "Steps of a sweep that failed. The next sweep does them again.",
    );
    CATALOG_ERRORS = counter(
        "strongroom_catalog_errors_total", &[("kind", &["full", "unavailable", "contended", "unreadable"])], "calls",
        "Calls that the database did not answer, and that ended a request or an attempt.",
    );
    STORE_ERRORS = counter(
        "strongroom_store_errors_total", &[("kind", &["full", "busy", "io", "missing"])], "calls",
        "The same of the store. `missing`: bytes are gone that a row names.",
    );
    FREE_BYTES = gauge("strongroom_disk_free_bytes", &[], "bytes", "Free on the disk of the data directory.");
    BUILD = gauge("strongroom_build_info", &[("version", &[])], "", "Always 1.");
}

listed! {
    /// What the kernel keeps of this process, and is asked for at each scrape.
    OF_PROCESS:
    CHILDREN_CPU = counter(
        "strongroom_children_cpu_seconds_total", &[], "seconds", "Processor time of children that have ended: of renders.",
    );
    CPU = counter("process_cpu_seconds_total", &[], "seconds", "Processor time of this process, without its children.");
    RESIDENT = gauge("process_resident_memory_bytes", &[], "bytes", "Memory of this process, without its children.");
    OPEN_FILES = gauge("process_open_fds", &[], "descriptors", "File descriptors that are open.");
    MOST_FILES = gauge("process_max_fds", &[], "descriptors", "File descriptors that may be open.");
}

/// docs/reference/metrics.md.
#[must_use]
pub fn metrics_page() -> String {
    let mut page = PAGE_HEAD.to_owned();
    for Metric { name, kind, labels, unit, meaning } in METRICS.iter().chain(OF_PROCESS) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let labels: Vec<String> = labels.iter().map(|(label, values)| shown(label, values)).collect();
        page += &format!("| `{name}` | {kind} | {} | {unit} | {meaning} |\n", labels.join("; "));
    }
    page
}

fn shown(label: &str, values: &[&str]) -> String {
    match values {
        [] => format!("`{label}`"),
        values => format!("`{label}`: {}", values.join(", ")),
    }
}

const PAGE_HEAD: &str = "# Metrics

Made from `crates/strongroom-server/src/telemetry/metric.rs`; `WRITE=1 cargo nextest run -p strongroom the_page` writes it again,
and the tests hold it to what a server exports.

`[metrics] listen` names the address at which every process (`serve` and `worker` alike) answers `GET /metrics` in the Prometheus
text format, and nothing else. It is off by default, and never on the address that clients use. No metric has an id, a name or
an address for a label: the number of series depends on the number of routes, not on what is stored or asked for.

What a process counts is its own. `strongroom_jobs`, `strongroom_job_oldest_seconds`, `strongroom_stuck_jobs` and
`strongroom_stuck_uploads` are asked of the catalog and the same on every node: take their `max`, not their `sum`. They are
`NaN` while the catalog does not answer.

| metric | type | labels | unit | meaning |
|---|---|---|---|---|
";
