//! The one secret of a deployment is read by the functions that may read it, and by no other.

use std::collections::BTreeMap;
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
        assert!(features::named(&function.name).unwrap().load(&env).await.is_ok(), "{}", function.name);
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

/// The keys that businesses bring are reached by their prefix alone, set by one role and deleted by another one; the code
/// that can do either is that of the functions which set businesses up.
fn the_keys_of_businesses_have_one_writer_and_one_prefix() {
    const PREFIX: &str = "secret:${AWS::StackName}/businesses/*";
    let template: Value = serde_yaml_ng::from_str(&super::structure::read("template.yaml")).unwrap();
    let mut writers = BTreeMap::new();
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        let mut statements = super::ownership::of_function(&template, resource);
        let own = &resource["Properties"]["PolicyDocument"]["Statement"];
        statements.extend(own.as_sequence().into_iter().flatten().cloned());
        for statement in statements {
            let actions = super::structure::strings(&statement["Action"]);
            if !actions.iter().any(|action| action.starts_with("secretsmanager:")) {
                continue;
            }
            let resources = super::structure::strings(&statement["Resource"]);
            let deployments = resources == ["SecretsArn"];
            assert!(
                deployments || resources.iter().all(|one| one.ends_with(PREFIX)),
                "{id:?}: {resources:?}"
            );
            for action in actions.into_iter().filter(|action| action != "secretsmanager:GetSecretValue") {
                assert!(!deployments, "{id:?} may change the deployment's secret");
                let role = writers.insert(action.clone(), id.as_str().unwrap().to_owned());
                assert_eq!(role, None, "{action} is given to two roles");
            }
        }
    }
    let expected = [
        ("secretsmanager:CreateSecret", "TwilioAccountFunction"),
        ("secretsmanager:DeleteSecret", "BusinessSweepFunction"),
        ("secretsmanager:PutSecretValue", "TwilioAccountFunction"),
    ];
    assert_eq!(writers, expected.map(|(action, role)| (action.to_owned(), role.to_owned())).into());
    for (path, text) in super::structure::sources(&["functions/src", "bridge/src", "infra/local/src"]) {
        let holds = text.contains("business_secrets::Writer") || text.contains("Writer as Secrets");
        assert!(!holds || path.starts_with("functions/src/businesses"), "{path} may write businesses' keys");
    }
}

acceptance::tests![
    only_a_function_that_reads_the_secret_may_read_it,
    the_keys_of_businesses_have_one_writer_and_one_prefix,
];
