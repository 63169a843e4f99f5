//! The one secret of a deployment is read by the functions that may read it, and by no other.

use std::sync::atomic::{AtomicBool, Ordering};

use acceptance::World;
use functions::features;
use local::template::Template;
use platform::Clock;
use platform::env::{ClockedEnv, Reader};
use serde_yaml_ng::Value;

/// Remembers whether a function asked where the secret is.
struct Asked<'a> {
    env: ClockedEnv,
    secret: &'a AtomicBool,
}

impl Reader for Asked<'_> {
    fn var(&self, name: &str) -> Option<String> {
        self.secret.fetch_or(name == "SECRETS_ARN", Ordering::SeqCst);
        self.env.var(name)
    }

    fn clock(&self) -> Clock {
        self.env.clock()
    }
}

/// Exactly the roles of the functions that read the secret may read it.
async fn only_a_function_that_reads_the_secret_may_read_it() {
    let world = World::start().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut readers = 0;
    for function in Template::load().unwrap().functions {
        let secret = AtomicBool::new(false);
        let env = Asked { env: world.env(world.system.environment.clone()), secret: &secret };
        assert!(features::named(&function.binary).unwrap().load(&env).await.is_ok(), "{}", function.binary);
        let reads = secret.load(Ordering::SeqCst);
        let policies = &template["Resources"][function.logical_id.as_str()]["Properties"]["Policies"];
        let may = policies
            .as_sequence()
            .into_iter()
            .flatten()
            .any(|p| super::structure::strings(p) == ["ReadsSecret"]);
        assert_eq!(may, reads, "{}: may it read the secret, and does it?", function.logical_id);
        readers += usize::from(reads);
    }
    assert!(readers > 5, "{readers}");
}

acceptance::tests![only_a_function_that_reads_the_secret_may_read_it];
