//! Loopback listeners, and the tasks that serve them until told to stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::StartError;

/// How long a shutdown waits for requests under way before it leaves them.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// A bound port on 127.0.0.1, not yet served.
pub(crate) struct Listener {
    pub(crate) tcp: TcpListener,
    pub(crate) url: Url,
}

impl Listener {
    pub(crate) async fn bind(port: u16) -> Result<Self, StartError> {
        let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let refused = |source| StartError::Bind { address: asked, source };
        let tcp = TcpListener::bind(asked).await.map_err(refused)?;
        let bound = tcp.local_addr().map_err(refused)?;
        let url =
            Url::parse(&format!("http://{bound}/")).map_err(|error| refused(io::Error::other(error)))?;
        Ok(Self { tcp, url })
    }

    /// Serves `router` until `stopping` resolves and the requests under way are answered.
    pub(crate) async fn serve(self, router: Router, stopping: CancellationToken) {
        let accepting = self.tcp.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY refused");
            }
        });
        let served = axum::serve(accepting, router).with_graceful_shutdown(stopping.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "endpoint failed");
        }
    }
}

/// The serving tasks and the one signal that ends them.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    stopping: CancellationToken,
    tasks: JoinSet<()>,
}

impl Servers {
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    pub(crate) fn spawn(&mut self, server: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(server);
    }

    pub(crate) async fn stop(&mut self) {
        self.stopping.cancel();
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_GRACE, finished).await.is_err() {
            tracing::warn!("requests still under way after {} s are cut off", SHUTDOWN_GRACE.as_secs());
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // Connections are tasks of their own and end on the signal; the listeners' tasks are aborted with the set.
        self.stopping.cancel();
    }
}
