//! The conformance suite on SQLite, and what only SQLite promises.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[macro_use]
mod conformance;
#[path = "sqlite/durability.rs"]
mod durability;
#[path = "sqlite/home.rs"]
mod home;
#[path = "sqlite/locks.rs"]
mod locks;
#[path = "sqlite/rows.rs"]
mod rows;

macro_rules! on_sqlite {
    ($($module:ident { $($case:ident),+ })+) => {
        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let home = crate::home::Home::new();
                        crate::conformance::$module::$case(&home.open().await).await;
                    }
                )+
            }
        )+
    };
}

every_case!(on_sqlite);

/// As many as PostgreSQL would take minutes for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_histories_agree_with_a_model() {
    let home = home::Home::new();
    conformance::consent_model::histories_agree_with_a_model(&home.open().await, 1000).await;
}

/// A method without a case does not exist.
#[test]
fn every_method_is_in_the_suite() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let families = source.join("catalog").read_dir().unwrap().map(|file| file.unwrap().path());
    let files = families.chain([source.join("catalog.rs")]).map(|file| std::fs::read_to_string(file).unwrap());
    let declared: String =
        files.filter_map(|text| Some(text.split_once("\nmethods! {")?.1.to_owned())).collect::<Vec<_>>().join("\n");
    let methods: Vec<&str> = declared
        .lines()
        .filter(|line| ["read ", "remembered ", "write ", "write["].iter().any(|way| line.trim().starts_with(way)))
        .filter_map(|line| line.split_once("::")?.1.split('(').next())
        .collect();
    assert!(methods.len() > 30, "the declarations were not understood: {methods:?}");
    let suite = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let sources: String =
        suite.read_dir().unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let untested: Vec<&str> =
        methods.into_iter().filter(|method| !sources.contains(&format!("catalog.{method}("))).collect();
    assert_eq!(untested, Vec::<&str>::new());
}
