//! A way to DynamoDB that can lose answers: the request is carried out, and its answer does not arrive. By
//! chance it loses requests as well.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use scripted::read_message;

pub(crate) struct Lossy {
    pub(crate) url: Url,
    plan: Arc<Mutex<Plan>>,
}

/// Which answers are lost, counted from the moment the plan was made.
#[derive(Default)]
struct Plan {
    answers: u32,
    lost: Range<u32>,
    chance: Option<Chance>,
}

/// Loses one message in `one_in`, requests and answers alike, the same ones for the same seed and order.
struct Chance {
    state: u64,
    one_in: u64,
}

impl Chance {
    fn loses(&mut self) -> bool {
        // xorshift64: Marsaglia, "Xorshift RNGs", 2003.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.is_multiple_of(self.one_in)
    }
}

impl Lossy {
    pub(crate) async fn before(upstream: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let upstream = upstream.socket_addrs(|| None).unwrap()[0];
        let planned = Arc::clone(&plan);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(upstream).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&planned)));
            }
        });
        Self { url, plan }
    }

    /// Of the answers to come, those in `lost` are lost, and each time the connection with them.
    pub(crate) fn lose(&self, lost: Range<u32>) {
        *self.plan.lock().unwrap() = Plan { answers: 0, lost, chance: None };
    }

    /// From here on one message in `one_in` is lost, by chance.
    pub(crate) fn lose_by_chance(&self, seed: u64, one_in: u64) {
        let chance = Some(Chance { state: seed | 1, one_in });
        *self.plan.lock().unwrap() = Plan { chance, ..Plan::default() };
    }

    /// Whether every answer that was to be lost is.
    pub(crate) fn lost_all(&self) -> bool {
        let plan = self.plan.lock().unwrap();
        plan.answers >= plan.lost.end
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, plan: Arc<Mutex<Plan>>) {
    while let Some((request, _)) = read_message(&mut client).await {
        if plan.lock().unwrap().chance.as_mut().is_some_and(Chance::loses) {
            return;
        }
        server.write_all(&request).await.unwrap();
        let Some((answer, _)) = read_message(&mut server).await else { return };
        if is_lost(&plan) || client.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn is_lost(plan: &Mutex<Plan>) -> bool {
    let mut plan = plan.lock().unwrap();
    let number = plan.answers;
    plan.answers += 1;
    plan.lost.contains(&number) || plan.chance.as_mut().is_some_and(Chance::loses)
}
