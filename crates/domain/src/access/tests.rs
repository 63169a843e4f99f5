use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn text(n: u8) -> ApiKey {
    ApiKey::of_random(KeyKind::Business, &[n; 32])
}

fn business(id: &str) -> BusinessId {
    BusinessId::parse(id).unwrap()
}

fn owner() -> KeyOwner {
    KeyOwner::Business(business("harbour"))
}

fn wanted(role: Role) -> NewKey {
    NewKey { name: "website".into(), role: Some(role), ..NewKey::default() }
}

fn key(n: u8) -> StoredKey {
    wanted(Role::Agent).issue(owner(), &text(n), NOW, None).unwrap()
}

fn operator() -> StoredKey {
    let text = ApiKey::of_random(KeyKind::Operator, &[9; 32]);
    let all = Scope::ALL.iter().copied().collect();
    let new = NewKey { name: "first".into(), scopes: all, ..NewKey::default() };
    new.issue(KeyOwner::Operator, &text, NOW, None).unwrap()
}

fn may(key: &StoredKey, now: Timestamp, source: Option<&str>, scope: Scope) -> Result<(), Denied> {
    allowed(Proven(key), now, source.map(|source| source.parse().unwrap()), scope)
}

#[test]
fn only_its_own_text_proves_a_key() {
    assert!(key(1).prove(&text(1)).is_some());
    assert!(key(1).prove(&text(2)).is_none());
    let row = StoredKey { owner: KeyOwner::Operator, ..key(1) };
    assert!(row.prove(&text(1)).is_none(), "a business's text proves no operator's key");
}

#[test]
fn each_reason_has_its_name_and_they_come_in_one_order() {
    let mut key = key(1);
    assert_eq!(may(&key, NOW, None, Scope::CallsWrite), Ok(()));
    assert_eq!(may(&key, NOW, None, Scope::KeysWrite), Err(Denied::Scope(Scope::KeysWrite)));
    key.networks = vec!["203.0.113.0/24".parse().unwrap()];
    assert_eq!(may(&key, NOW, Some("203.0.113.9"), Scope::CallsWrite), Ok(()));
    assert_eq!(may(&key, NOW, Some("::ffff:203.0.113.9"), Scope::CallsWrite), Ok(()));
    for elsewhere in [None, Some("203.0.114.9"), Some("2001:db8::1")] {
        assert_eq!(may(&key, NOW, elsewhere, Scope::KeysWrite), Err(Denied::Source));
    }
    key.expires_at = Some(NOW.plus(DAY));
    assert_eq!(may(&key, Timestamp(NOW.plus(DAY).0 - 1), Some("203.0.113.9"), Scope::CallsRead), Ok(()));
    assert_eq!(may(&key, NOW.plus(DAY), None, Scope::KeysWrite), Err(Denied::Expired));
    key.replaced_by = Some(text(2).id());
    assert_eq!(may(&key, NOW.plus(DAY), None, Scope::KeysWrite), Err(Denied::Replaced));
    key.revoke(NOW);
    assert_eq!(may(&key, NOW, Some("203.0.113.9"), Scope::CallsRead), Err(Denied::Revoked));
    let codes =
        [Denied::Revoked, Denied::Replaced, Denied::Expired, Denied::Source, Denied::Scope(Scope::CallsRead)];
    assert_eq!(codes.map(|denied| denied.code()), ["revoked", "replaced", "expired", "source", "scope"]);
    assert_eq!(codes.map(|denied| denied.is_no_key()), [true, true, true, false, false]);
}

#[test]
fn a_business_comes_from_its_key_and_an_operator_names_it() {
    let (own, other) = (business("harbour"), business("castle"));
    let holder = owner();
    assert_eq!(holder.acts_for(None), Some(&own));
    assert_eq!(holder.acts_for(Some(&own)), Some(&own));
    assert_eq!(holder.acts_for(Some(&other)), None);
    assert_eq!(KeyOwner::Operator.acts_for(Some(&other)), Some(&other));
    assert_eq!(KeyOwner::Operator.acts_for(None), None);
}

#[test]
fn a_business_has_no_operators_scope_even_if_its_row_says_so() {
    let mut row = key(1);
    row.scopes.insert(Scope::BusinessesWrite);
    let denied = Err(Denied::Scope(Scope::BusinessesWrite));
    assert_eq!(may(&row, NOW, None, Scope::BusinessesWrite), denied);
    assert_eq!(may(&operator(), NOW, None, Scope::BusinessesWrite), Ok(()));
}

#[test]
fn every_mistake_of_a_wanted_key_is_told_at_once() {
    let new = NewKey {
        name: " ".into(),
        role: None,
        scopes: [Scope::DeploymentRead, Scope::KeysWrite].into(),
        networks: vec!["::1".parse().unwrap(); 33],
        expires_at: Some(NOW),
    };
    let elsewhere = KeyOwner::Business(business("castle"));
    let mistakes = new.issue(elsewhere, &text(2), NOW, Some(&key(1))).unwrap_err();
    let expected = [
        Mistake::Name,
        Mistake::OperatorsScope(Scope::DeploymentRead),
        Mistake::NotHeld(Scope::KeysWrite),
        Mistake::NotHeld(Scope::DeploymentRead),
        Mistake::Owner,
        Mistake::Past,
        Mistake::TooManyNetworks,
    ];
    assert_eq!(mistakes, expected);
    let nothing = NewKey { name: "x".into(), expires_at: Some(Timestamp(i64::MAX)), ..NewKey::default() };
    let mistakes = nothing.issue(KeyOwner::Operator, &text(2), NOW, None).unwrap_err();
    assert_eq!(mistakes, [Mistake::NoScopes, Mistake::TooLong, Mistake::Kind]);
}

#[test]
fn a_key_gives_no_more_than_it_has() {
    let made = wanted(Role::Owner).issue(owner(), &text(3), NOW, Some(&operator())).unwrap();
    assert_eq!(made.created_by, Some(operator().id));
    for role in Role::ALL {
        let by = wanted(*role).issue(owner(), &text(1), NOW, None).unwrap();
        for other in Role::ALL {
            let given = wanted(*other).issue(owner(), &text(2), NOW, Some(&by));
            assert_eq!(given.is_ok(), other <= role, "{role:?} gives {other:?}");
        }
    }
}

#[test]
fn a_rotated_key_and_its_successor_are_both_good_for_the_overlap() {
    let key = StoredKey { expires_at: Some(NOW.plus(90 * DAY)), ..key(1) };
    let later = NOW.plus(30 * DAY);
    let Rotation { old, new } = key.rotate(&text(2), later, DAY).unwrap();
    for now in [later, Timestamp(later.plus(DAY).0 - 1)] {
        assert_eq!(may(&old, now, None, Scope::CallsRead), Ok(()));
        assert_eq!(may(&new, now, None, Scope::CallsRead), Ok(()));
    }
    assert_eq!(may(&old, later.plus(DAY), None, Scope::CallsRead), Err(Denied::Replaced));
    assert_eq!(new.expires_at, Some(later.plus(90 * DAY)), "lives as long again");
    assert_eq!((&new.name, &new.scopes, &new.owner), (&key.name, &key.scopes, &key.owner));
    assert!(new.prove(&text(2)).is_some() && old.prove(&text(1)).is_some());
    assert_eq!(old.rotate(&text(3), later, DAY), Err(NotRotated::Replaced));
    assert_eq!(key.rotate(&text(2), later, MAX_OVERLAP + DAY), Err(NotRotated::Overlap));
    assert_eq!(key.rotate(&text(2), NOW.plus(90 * DAY), DAY), Err(NotRotated::Expired));
    let wrong = ApiKey::of_random(KeyKind::Operator, &[2; 32]);
    assert_eq!(key.rotate(&wrong, later, DAY), Err(NotRotated::Kind));
    let mut revoked = key;
    revoked.revoke(later);
    revoked.revoke(NOW);
    assert_eq!(revoked.revoked_at, Some(later));
    assert_eq!(revoked.rotate(&text(2), later, DAY), Err(NotRotated::Revoked));
}

#[test]
fn a_row_reads_back_and_unknown_fields_are_refused() {
    let row = StoredKey { expires_at: Some(NOW.plus(DAY)), ..key(1) };
    let json = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<StoredKey>(&json).unwrap(), row);
    assert!(!json.contains(&text(1).secret().expose()[16..]));
    let more = json.replacen('{', r#"{"superuser": true, "#, 1);
    assert!(serde_json::from_str::<StoredKey>(&more).unwrap_err().to_string().contains("superuser"));
    for (json, word) in [
        (r#"{"name": "x", "scopes": ["calls:*"]}"#, "not a scope"),
        (r#"{"name": "x", "role": "root"}"#, "root"),
        (r#"{"name": "x", "scope": ["calls:read"]}"#, "scope"),
        (r#"{"name": "x", "networks": ["10.0.0.1/8"]}"#, "10.0.0.0/8"),
    ] {
        let error = serde_json::from_str::<NewKey>(json).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

fn a_row() -> impl Strategy<Value = StoredKey> {
    let scopes = prop::collection::btree_set(prop::sample::select(Scope::ALL), 0..26);
    let end = prop::option::of(-3_i64..3);
    let networks = prop::sample::subsequence(vec!["203.0.113.0/24", "2001:db8::/32"], 0..=2);
    (any::<bool>(), scopes, end, prop::option::of(Just(NOW)), networks).prop_map(
        |(operator, scopes, end, revoked_at, networks)| StoredKey {
            owner: if operator { KeyOwner::Operator } else { owner() },
            scopes,
            expires_at: end.map(|days| Timestamp(NOW.0 + days * 86_400_000)),
            revoked_at,
            networks: networks.into_iter().map(|network| network.parse().unwrap()).collect(),
            ..key(1)
        },
    )
}

proptest! {
    /// Whatever a key is allowed, every single condition for it holds.
    #[test]
    fn nothing_is_allowed_but_by_scope_time_and_place(
        key in a_row(),
        source in prop::option::of(prop::sample::select(vec!["203.0.113.1", "2001:db8::1", "198.51.100.1"])),
        scope in prop::sample::select(Scope::ALL),
    ) {
        let allowed = may(&key, NOW, source, scope).is_ok();
        let place = key.networks.is_empty()
            || source.is_some_and(|source| key.networks.iter().any(|network| network.contains(source.parse().unwrap())));
        let held = key.scopes.contains(&scope) && (key.owner == KeyOwner::Operator || !scope.is_operators());
        let time = key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > NOW);
        prop_assert_eq!(allowed, place && held && time);
    }

    /// A rotation neither adds to what the key may do nor keeps the old one good for longer.
    #[test]
    fn a_rotation_only_shortens_the_old_key(key in a_row(), overlap in 0_u64..8 * 86_400) {
        if let Ok(Rotation { old, new }) = key.rotate(&text(2), NOW, Duration::from_secs(overlap)) {
            prop_assert!(old.expires_at.unwrap() <= NOW.plus(Duration::from_secs(overlap)));
            prop_assert!(key.expires_at.is_none_or(|end| old.expires_at.unwrap() <= end));
            prop_assert_eq!((&new.scopes, &new.networks, &new.owner), (&key.scopes, &key.networks, &key.owner));
        }
    }
}
