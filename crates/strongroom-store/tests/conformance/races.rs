//! Random uploads: sizes, orders, retries, tries that die, tries at once. Whatever happens, the file is the model's.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use strongroom_store::{Store, StoreError};

use crate::caller::{Caller, pattern};

/// One try of one part: which, from which seed its bytes are, and whether it dies half-way.
#[derive(Debug, Clone)]
struct Act {
    part: u32,
    seed: u64,
    dies: bool,
}

fn story(lengths: Vec<u64>, parts: u64) -> impl Strategy<Value = (u64, u64, Vec<Act>)> {
    (prop::sample::select(lengths), 1..=parts, 0u64..1024).prop_flat_map(|(part_bytes, parts, less)| {
        let size = part_bytes * parts - less.min(part_bytes - 1);
        let total = u32::try_from(parts).unwrap();
        let act = (1..=total, any::<u64>(), prop::bool::weighted(0.3)).prop_map(|(part, seed, dies)| Act {
            part,
            seed,
            dies,
        });
        (Just(size), Just(part_bytes), prop::collection::vec(act, 0..20))
    })
}

pub fn random_uploads_are_published_as_acknowledged(store: &Store, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    // A bucket wants long parts, so it gets few of them.
    let (lengths, parts) = if store.is_shared() { (vec![8 << 20], 2) } else { (vec![1024, 4096, 1 << 19], 8) };
    let outcome = runner.run(&story(lengths, parts), |(size, part_bytes, acts)| {
        runtime.block_on(play(store, size, part_bytes, acts));
        Ok(())
    });
    outcome.unwrap();
}

async fn play(store: &Store, size: u64, part_bytes: u64, acts: Vec<Act>) {
    let caller = Arc::new(Caller::with_part_bytes(store, size, part_bytes));
    // Which seed each part's acknowledged bytes are from; the order of commits decides, as in a catalog.
    let model = Arc::new(Mutex::new(vec![None; caller.plan.total_parts() as usize]));
    let every_part = caller.plan.parts().map(|part| Act { part: part.number, seed: 0, dies: false });
    let tries: Vec<_> = acts.into_iter().chain(every_part).collect();
    let tasks: Vec<_> =
        tries.into_iter().map(|act| tokio::spawn(attempt(Arc::clone(&caller), Arc::clone(&model), act))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    // One more writer, still in a slot or aside when the upload ends.
    let mut late = caller.begin(1).await.unwrap();
    caller.publish().await.unwrap();
    let first = usize::try_from(caller.part(1).length).unwrap();
    let written = late.write(&vec![0xee; first]).await;
    assert!(matches!(written, Ok(()) | Err(StoreError::Sealed)));
    if written.is_ok() {
        let outcome = late.finish().await.map(drop);
        assert!(matches!(outcome, Err(StoreError::Sealed)) || store.is_shared() && outcome.is_ok(), "{outcome:?}");
    }
    let seeds = model.lock().unwrap().clone();
    let parts = caller.plan.parts().zip(seeds).map(|(part, seed)| pattern(part.length, seed.unwrap()));
    caller.assert_published(&parts.collect::<Vec<_>>().concat()).await;
}

async fn attempt(caller: Arc<Caller>, model: Arc<Mutex<Vec<Option<u64>>>>, act: Act) {
    let bytes = pattern(caller.part(act.part).length, act.seed);
    let mut part_try = caller.begin(act.part).await.unwrap();
    for (index, frame) in bytes.chunks(40_000).enumerate() {
        if act.dies && index > 0 {
            return;
        }
        part_try.write(frame).await.unwrap();
        tokio::task::yield_now().await;
    }
    if act.dies {
        return;
    }
    let stored = part_try.finish().await.unwrap();
    // Commit: the row and the model's, in one step.
    let replaced = {
        let mut model = model.lock().unwrap();
        model[act.part as usize - 1] = Some(act.seed);
        caller.commit(act.part, &stored)
    };
    drop(stored);
    caller.forget(act.part, replaced).await.unwrap();
}
