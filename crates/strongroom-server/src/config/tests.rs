use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(&Layers::defaults().unwrap().with_environment(variables))
}

#[test]
fn the_embedded_file_is_whole_and_says_what_the_contract_says() {
    let config = read(&[]).unwrap();
    assert_eq!(config.upload.plan, PlanLimits::default());
    assert_eq!(config.upload.lifetime.idle, Duration::from_secs(24 * 3600));
    assert_eq!(config.upload.lifetime.absolute, Duration::from_secs(7 * 24 * 3600));
    assert_eq!(config.url_lifetime, Duration::from_secs(86_400));
    assert_eq!(config.store.durability, Durability::Strict);
}

#[test]
fn every_problem_is_named_at_once() {
    let error = read(&[
        ("STRONGROOM_SERVER__LISTEN", "nowhere"),
        ("STRONGROOM_UPLOAD__MIN_PART_BYTES", "5_000_000"),
        ("STRONGROOM_STORE__DURABILITY", "maybe"),
        ("STRONGROOM_UPLOAD__PARTSIZE", "1"),
        ("STRONGROOM_SERVER__PUBLIC_URL", "ftp://x"),
    ])
    .unwrap_err()
    .to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines,
        [
            "upload.partsize (STRONGROOM_UPLOAD__PARTSIZE): 1 is not a key of config.default.toml",
            "server.listen (STRONGROOM_SERVER__LISTEN): \"nowhere\" is not an address and port, such as 127.0.0.1:8080",
            "server.public_url (STRONGROOM_SERVER__PUBLIC_URL): \"ftp://x\" is not empty, or a URL such as https://media.example.com",
            "store.durability (STRONGROOM_STORE__DURABILITY): \"maybe\" is not \"strict\" or \"relaxed\"",
            "upload.min_part_bytes (STRONGROOM_UPLOAD__MIN_PART_BYTES): 5000000 is not a power of two from 1024 to 1073741824",
        ]
    );
}

#[test]
fn a_bucket_wants_parts_that_s3_takes() {
    let bucket = ("STRONGROOM_STORE__URL", "s3://media/vault");
    assert_eq!(read(&[bucket]).unwrap().store.bucket.unwrap().url, bucket.1);
    assert!(read(&[]).unwrap().store.bucket.is_none());
    let error = read(&[bucket, ("STRONGROOM_UPLOAD__MIN_PART_BYTES", "4_194_304")]).unwrap_err().to_string();
    assert!(error.ends_with("4194304 is not at least 8388608 where store.url is a bucket"), "{error}");
    for wrong in ["s3://", "s3:///prefix", "/var/media", "https://s3.example.com/media"] {
        let error = read(&[("STRONGROOM_STORE__URL", wrong)]).unwrap_err().to_string();
        assert!(error.ends_with("is not empty, or s3://bucket or s3://bucket/prefix"), "{error}");
    }
}

#[test]
fn secrets_are_texts_and_are_not_shown() {
    let config = read(&[
        ("STRONGROOM_STORE__URL", "s3://media"),
        ("STRONGROOM_STORE__ACCESS_KEY_ID", "0007"),
        ("STRONGROOM_STORE__SECRET_ACCESS_KEY", "1234567890"),
        ("STRONGROOM_DATABASE__URL", "postgres://me:hunter2@localhost/vault"),
    ])
    .unwrap();
    let bucket = config.store.bucket.as_ref().unwrap();
    assert_eq!(
        (bucket.access_key_id.as_deref(), bucket.secret_access_key.as_deref()),
        (Some("0007"), Some("1234567890"))
    );
    let shown = format!("{config:?}");
    assert!(!shown.contains("1234567890") && !shown.contains("hunter2"), "{shown}");
    let error = read(&[("STRONGROOM_DATABASE__URL", "mysql://me:hunter2@localhost/vault")]).unwrap_err().to_string();
    assert!(error.contains("database.url (STRONGROOM_DATABASE__URL)") && !error.contains("hunter2"), "{error}");
}

#[test]
fn later_layers_win() {
    let layers = Layers::defaults()
        .unwrap()
        .with_environment([("STRONGROOM_SERVER__LISTEN".to_owned(), "127.0.0.1:1".to_owned())])
        .with_option("server.listen", Some("127.0.0.1:2"), "--listen");
    assert_eq!(Config::read(&layers).unwrap().server.listen.port(), 2);
    let config = read(&[("STRONGROOM_SERVER__PUBLIC_URL", "https://media.example.com/base/")]).unwrap();
    assert_eq!(config.server.public_url.as_deref(), Some("https://media.example.com/base"));
}

#[test]
fn children_share_what_is_set_or_most_of_what_there_is() {
    let set = read(&[("STRONGROOM_RENDER__TOTAL_MEMORY_BYTES", "3_000_000_000")]).unwrap();
    assert_eq!(set.render.total_memory_bytes, 3_000_000_000);
    let there_is = memory::memory_bytes().unwrap();
    let automatic = read(&[]).unwrap().render.total_memory_bytes;
    assert!((there_is / 2..there_is / 3 * 2).contains(&automatic), "{automatic} of {there_is}");
}
