//! One operation under the paths of several generations of clients.

use utoipa::openapi::Deprecated;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;

/// The same operations under the path of newer clients.
pub(super) fn newer(routes: UtoipaMethodRouter<App>, path: &str) -> UtoipaMethodRouter<App> {
    moved(routes, path, |operation| rename(operation, "ByNewerPath"))
}

/// The same operations under the path of older clients.
pub(super) fn older(routes: UtoipaMethodRouter<App>, path: &str) -> UtoipaMethodRouter<App> {
    moved(routes, path, |operation| {
        rename(operation, "ByOlderPath");
        operation.deprecated = Some(Deprecated::True);
    })
}

fn moved(
    (schemas, mut paths, handlers): UtoipaMethodRouter<App>,
    path: &str,
    change: impl Fn(&mut Operation),
) -> UtoipaMethodRouter<App> {
    let items = std::mem::take(&mut paths.paths).into_values().map(|mut item| {
        operations(&mut item).for_each(&change);
        (path.to_owned(), item)
    });
    paths.paths = items.collect();
    (schemas, paths, handlers)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// Ids of operations are unique in a document.
fn rename(operation: &mut Operation, suffix: &str) {
    operation.operation_id = operation.operation_id.take().map(|id| id + suffix);
}
