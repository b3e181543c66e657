//! What is in the log, and what must never be.

use reqwest::Method;
use serde_json::Value;

use crate::process::Process;
use crate::support::{Answer, Client};
use crate::workload::{FILE_NAME, work};

/// Works at a server that logs with these settings. Answers the log, and the secrets that were used.
async fn run(settings: &[(&str, &str)]) -> (String, Vec<String>) {
    let server = Process::start(settings);
    let client = server.client().await;
    let mut secrets = vec![client.key.clone()];
    for url in work(&client).await {
        let signature = url.split("sig=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        secrets.push(signature);
        secrets.push(url.split_once('?').unwrap().1.to_owned());
    }
    let wrong = "sk_live_this-is-no-key-but-might-have-been-one";
    let refused = client.bare(Method::GET, "/v2/access/vault/media").header("apiKey", wrong);
    assert_eq!(Answer::to(refused).await.status, 401);
    let bearer = client.bare(Method::GET, "/v2/account/keys").bearer_auth(&client.key);
    assert_eq!(Answer::to(bearer).await.status, 200);
    secrets.extend([wrong.to_owned(), "in-a-query".to_owned()]);
    secrets.push(hash_of(&client));
    let keys = std::fs::read_to_string(server.data_dir().join("signing.keys")).unwrap();
    secrets.extend(keys.split_whitespace().filter(|word| word.len() > 16).map(str::to_owned));
    (server.log(), secrets)
}

/// What the catalog knows a key by.
fn hash_of(client: &Client) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(client.key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn no_secret_is_in_a_log_that_has_everything() {
    for format in ["text", "json"] {
        let (log, secrets) = run(&[("STRONGROOM_LOG__LEVEL", "trace"), ("STRONGROOM_LOG__FORMAT", format)]).await;
        assert!(log.lines().count() > 50, "it has everything:\n{log}");
        assert!(secrets.len() > 6 && secrets.iter().all(|secret| secret.len() >= 10), "{secrets:?}");
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "{format}: {secret}");
        }
    }
}

#[tokio::test]
async fn a_log_as_json_is_flat_and_says_which_request() {
    let settings = [("STRONGROOM_LOG__LEVEL", "info,access=debug"), ("STRONGROOM_LOG__FORMAT", "json")];
    let (log, _) = run(&settings).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["time"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
        assert!(line.as_object().unwrap().values().all(|value| !value.is_object() && !value.is_array()), "{line}");
    }
    let answered: Vec<_> = lines.iter().filter(|line| line["target"] == "access").collect();
    assert!(answered.len() >= 15, "{answered:#?}");
    for line in answered {
        assert!(line["request_id"].as_str().unwrap().starts_with("req_"), "{line}");
        assert!(line["method"].is_string() && line["route"].is_string() && line["status"].is_u64(), "{line}");
    }
    assert!(!log.contains(FILE_NAME), "file names are not for this level");
}

#[tokio::test]
async fn requests_that_go_well_are_not_logged_at_info() {
    let (log, _) = run(&[]).await;
    assert!(!log.contains("req_") && !log.contains('\u{1b}'), "{log}");
}
