//! Number: of connections, from one address and in all.

use std::time::Duration;

use super::LIVE;
use crate::socket::Socket;
use crate::support::{Server, eventually};

/// A connection that has been answered, and is kept.
async fn kept(server: &Server) -> Socket {
    let mut socket = Socket::open_with(server.address, LIVE).await;
    assert_eq!(socket.answer().await.status, 200);
    socket
}

#[tokio::test]
async fn one_address_has_a_number_of_connections() {
    let server = Server::start(&[("STRONGROOM_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let mut kept = [kept(&server).await, kept(&server).await, kept(&server).await];
    let end = Socket::open(server.address).await.end().await;
    assert!(end.received.is_empty() && end.after < Duration::from_secs(1), "{end:?}");
    // The others are as they were, and a place that is given back is there for the next.
    for socket in &mut kept {
        socket.send(LIVE).await;
        assert_eq!(socket.answer().await.status, 200);
    }
    let [first, ..] = kept;
    drop(first);
    eventually(async || {
        let mut socket = Socket::open(server.address).await;
        drop(socket.try_send(LIVE).await);
        socket.next_answer().await
    })
    .await;
}

#[tokio::test]
async fn all_together_have_a_number_of_connections() {
    let server = Server::start(&[("STRONGROOM_SERVER__MAX_CONNECTIONS", "2")]).await;
    let (first, _second) = (kept(&server).await, kept(&server).await);
    // The third is not turned away: it waits until there is a place for it.
    let mut third = Socket::open_with(server.address, LIVE).await;
    assert!(third.is_quiet_for(Duration::from_millis(300)).await);
    drop(first);
    assert_eq!(third.answer().await.status, 200);
}

/// T39: what a thousand short connections leave behind is nothing.
#[tokio::test]
async fn nothing_is_left_of_connections_that_ended() {
    let server = Server::start(&[]).await;
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    drop(kept(&server).await);
    let before = descriptors();
    for number in 0..1000 {
        let mut socket = Socket::open(server.address).await;
        socket.send(if number % 2 == 0 { LIVE } else { "GET / HT" }).await;
        if number % 2 == 0 {
            socket.answer().await;
        }
    }
    eventually(async || (descriptors() <= before + 4).then_some(())).await;
}
