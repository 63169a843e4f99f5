//! Runs the acceptance tests: each in a runtime of its own, and many more at once than there are cores, because a test
//! mostly waits for a call that goes on in real time.
//!
//! A file lists its tests at its end, in [`tests!`](crate::tests); `tests/it/main.rs` lists the files. A test is a
//! plain function: `async fn name(world: World)` is given a world, `async fn name(world: Arc<World>)` one that it shares
//! with all tests of this shape, `async fn name()` starts what it needs, and `fn name()` needs none.

mod arguments;
mod costs;
mod failures;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use crate::World;

/// The worlds of a test that did not stop within this time never will: the system itself gives up sooner.
const STOPPED_WITHIN: Duration = Duration::from_secs(120);

tokio::task_local! {
    /// The stops of this test's worlds that are under way.
    static STOPS: TaskTracker;
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// One test, as [`tests!`](crate::tests) lists it.
#[derive(Clone, Copy)]
pub struct Test {
    #[doc(hidden)]
    pub path: &'static str,
    #[doc(hidden)]
    pub begin: fn() -> Running,
    #[doc(hidden)]
    pub shares: fn() -> bool,
}

impl Test {
    /// `file::name`, as `--exact` takes it.
    fn name(self) -> &'static str {
        self.path.split_once("::").map_or(self.path, |(_, name)| name)
    }
}

/// Lists the tests of a file as its `TESTS`.
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub(crate) const TESTS: &[$crate::suite::Test] = &[$($crate::suite::Test {
            path: concat!(module_path!(), "::", stringify!($name)),
            begin: || $crate::suite::Body::begin($name),
            shares: || $crate::suite::Body::shares(&$name),
        }),*];
    };
}

/// A function that is a test. `Kind` tells the shapes apart, which is all that it is for.
pub trait Body<Kind> {
    fn begin(self) -> Running;

    /// Whether it runs beside others in the shared world's runtime.
    fn shares(&self) -> bool {
        false
    }
}

/// `fn name()`.
pub struct Plain;

/// `async fn name()`.
pub struct Alone<R>(R);

/// `async fn name(world: World)`.
pub struct InAWorld<R>(R);

/// `async fn name(world: Arc<World>)`.
pub struct InTheSharedWorld<R>(R);

impl<F: Fn() + 'static> Body<Plain> for F {
    fn begin(self) -> Running {
        Box::pin(async move { self() })
    }
}

impl<F, R> Body<Alone<R>> for F
where
    F: Fn() -> R + 'static,
    R: Future<Output = ()> + 'static,
{
    fn begin(self) -> Running {
        Box::pin(self())
    }
}

impl<F, R> Body<InAWorld<R>> for F
where
    F: Fn(World) -> R + 'static,
    R: Future<Output = ()> + 'static,
{
    fn begin(self) -> Running {
        Box::pin(async move {
            let world = World::start().await;
            Box::pin(self(world)).await;
        })
    }
}

impl<F, R> Body<InTheSharedWorld<R>> for F
where
    F: Fn(Arc<World>) -> R + 'static,
    R: Future<Output = ()> + 'static,
{
    fn begin(self) -> Running {
        Box::pin(async move {
            let world =
                SHARED.world.get_or_init(|| async { Mutex::new(Some(Arc::new(World::shared().await))) });
            let world = world.await.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(self(world.expect("it is there until the run ends"))).await;
        })
    }

    fn shares(&self) -> bool {
        true
    }
}

/// The world of the tests that only add calls of their own to it, and the runtime in which it lives.
struct Shared {
    runtime: Runtime,
    stops: TaskTracker,
    world: OnceCell<Mutex<Option<Arc<World>>>>,
}

/// Panics of the shared world's own tasks are noted under this name.
const SHARED_NAME: &str = "the shared world";

static SHARED: LazyLock<Shared> = LazyLock::new(|| Shared {
    runtime: runtime(SHARED_NAME, &costs::Spent::default()),
    stops: TaskTracker::new(),
    world: OnceCell::new(),
});

/// Where the worlds of the test that is running are stopped.
pub(crate) fn stops() -> TaskTracker {
    STOPS
        .try_with(TaskTracker::clone)
        .expect("a world is started by a test of the suite, not by a task of one")
}

/// Runs the tests that the command line asks for, and names the slowest.
pub fn run(files: &[&[Test]]) -> ExitCode {
    let (mut arguments, wanted) = arguments::read(std::env::args());
    arguments.test_threads.get_or_insert_with(arguments::default_threads);
    failures::note_panics(arguments.nocapture);
    let costs = Arc::new(Mutex::new(vec![]));
    let tests = files.iter().flat_map(|file| file.iter().copied());
    let trials = tests.filter(|test| wanted.has(test.name())).map(|test| {
        let costs = Arc::clone(&costs);
        Trial::test(test.name(), move || {
            let (begun, spent) = (Instant::now(), costs::Spent::default());
            let outcome = spent.of(|| run_one(test, &spent));
            let cost = costs::Cost { name: test.name(), took: begun.elapsed(), spent: spent.until_now() };
            costs.lock().unwrap_or_else(PoisonError::into_inner).push(cost);
            outcome
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(world) = SHARED.world.get() {
        drop(world.lock().unwrap_or_else(PoisonError::into_inner).take());
        SHARED.stops.close();
        SHARED.runtime.block_on(SHARED.stops.wait());
    }
    for line in costs::told(&mut costs.lock().unwrap_or_else(PoisonError::into_inner)) {
        tell(&line);
    }
    conclusion.exit_code()
}

#[expect(clippy::print_stdout, reason = "the report of a run")]
fn tell(line: &str) {
    println!("{line}");
}

/// Prints what a test measured, if the run shows output (`--nocapture`).
pub fn report(text: &str) {
    if failures::at_once() {
        tell(text);
    }
}

fn run_one(test: Test, spent: &costs::Spent) -> Result<(), Failed> {
    failures::begin(test.name());
    if (test.shares)() {
        let running = STOPS.scope(SHARED.stops.clone(), async move { (test.begin)().await });
        let outcome = SHARED.runtime.block_on(std::panic::AssertUnwindSafe(running).catch_unwind());
        let noted = failures::end(test.name());
        return outcome.map_err(|_| format!("{noted}\n{}", failures::end(SHARED_NAME)).into());
    }
    let runtime = runtime(test.name(), spent);
    let stops = TaskTracker::new();
    let running = STOPS.scope(stops.clone(), async move { (test.begin)().await });
    let outcome = runtime.block_on(std::panic::AssertUnwindSafe(running).catch_unwind());
    stops.close();
    let stopped = runtime.block_on(async { tokio::time::timeout(STOPPED_WITHIN, stops.wait()).await });
    drop(runtime);
    let noted = failures::end(test.name());
    match (outcome, stopped) {
        (Ok(()), Ok(())) => Ok(()),
        (Ok(()), Err(_)) => Err(format!("a world does not stop within {STOPPED_WITHIN:?}\n{noted}").into()),
        (Err(_), _) => Err(noted.into()),
    }
}

/// Two threads of its own for each test: what a test leaves behind ends with them, and reaches no other test.
fn runtime(name: &'static str, spent: &costs::Spent) -> Runtime {
    let spent = spent.clone();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .thread_name(name)
        .on_thread_start(move || failures::begin(name))
        .on_thread_stop(move || spent.add_thread())
        .build()
        .expect("a runtime")
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::sync::OnceLock;

    use super::*;

    static ADDRESS: OnceLock<(String, u16)> = OnceLock::new();

    async fn panics_in_a_world(world: World) {
        let url = &world.system.api_url;
        ADDRESS.set((url.host_str().unwrap().to_owned(), url.port().unwrap())).unwrap();
        assert!(TcpStream::connect(ADDRESS.get().unwrap()).is_ok(), "the world is there");
        panic!("what the test says");
    }

    #[test]
    fn a_test_that_panics_says_where_and_its_world_stops() {
        failures::note_panics(false);
        let test =
            Test { path: "it::file::panics", begin: || Body::begin(panics_in_a_world), shares: || false };
        let failed = run_one(test, &costs::Spent::default()).unwrap_err();
        let told = failed.message().unwrap();
        assert!(told.contains("tests/src/suite.rs:") && told.contains("what the test says"), "{told}");
        let (host, port) = ADDRESS.get().unwrap();
        assert!(TcpStream::connect((host.as_str(), *port)).is_err(), "the world is gone");
    }

    #[test]
    fn a_plain_function_and_one_that_waits_are_tests_too() {
        async fn waits() {
            tokio::task::yield_now().await;
        }
        fn fails() {
            panic!("at once");
        }
        failures::note_panics(false);
        let run = |begin| {
            run_one(Test { path: "it::file::one", begin, shares: || false }, &costs::Spent::default())
        };
        assert!(run(|| Body::begin(waits)).is_ok());
        assert!(run(|| Body::begin(fails)).unwrap_err().message().unwrap().contains("at once"));
    }
}
