//! A world behind an address, for commands that ask a server.

use std::net::SocketAddr;

use testkit::World;
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) struct Serving {
    pub(crate) url: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Serving {
    pub(crate) async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = world.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        Self { url, task: tokio::spawn(async move { axum::serve(listener, service).await }) }
    }

    /// Nobody answers there from here on.
    pub(crate) async fn end(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
