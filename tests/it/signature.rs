//! Who is not Twilio changes nothing.

use std::sync::Arc;

use acceptance::World;
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid, new_call_sid};

async fn rows(world: &World) -> usize {
    let mut rows = 0;
    for table in ["CallsTable", "LeasesTable", "RecordingsTable"] {
        let name = world.system.name(table).unwrap();
        let scan =
            world.system.aws.dynamodb.scan().table_name(name).consistent_read(true).send().await.unwrap();
        rows += scan.items.unwrap_or_default().len();
    }
    rows
}

/// Fault 8.
async fn a_wrong_or_missing_signature_gets_403_and_has_no_effect(world: World) {
    let webhook = Webhook::inbound(&world, &call_sid(1));
    let forged = [
        webhook.clone().unsigned(),
        webhook.clone().signature(""),
        webhook.clone().signature("bm90IGEgc2lnbmF0dXJl"),
        webhook.clone().signature("short"),
        webhook.clone().signature(&"A".repeat(10_000)),
        webhook.clone().signed_with("another-token"),
        webhook.clone().header("X-Twilio-Webhooks-Signature-Settings", "key=k,algorithm=NONE"),
    ];
    for forgery in forged {
        assert_eq!(forgery.send(&world).await, (403, String::new()));
    }
    for path in
        ["/twilio/voice/status", "/twilio/stream/status", "/twilio/voice/after-stream", "/twilio/recording"]
    {
        assert_eq!(Webhook::post(path).field("CallSid", &call_sid(1)).unsigned().send(&world).await.0, 403);
    }
    assert_eq!(rows(&world).await, 0);
    assert_eq!(webhook.send(&world).await.0, 200, "the same webhook, signed, is served");
}

/// Fault 9. The address is configured; what a request says of its host does not count.
async fn spoofed_host_headers_neither_help_nor_harm(world: Arc<World>) {
    let (sid, other) = (new_call_sid(), new_call_sid());
    let webhook = Webhook::inbound(&world, &sid)
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Proto", "https");
    assert_eq!(webhook.send(&world).await.0, 200);
    let elsewhere = [("CallSid".to_owned(), other.clone())];
    let signature = simulator::twilio::sign_form(
        world.identity.auth_token.expose(),
        "https://evil.example/twilio/voice/inbound",
        &elsewhere,
    );
    let forged =
        Webhook::inbound(&world, &other).header("X-Forwarded-Host", "evil.example").signature(&signature);
    assert_eq!(forged.send(&world).await.0, 403);
}

/// Fault 7. One signature must not verify another cut of the same bytes.
async fn moving_the_boundary_between_parameters_is_refused(world: Arc<World>) {
    let (url, sid) = (world.url("/twilio/voice/status"), new_call_sid());
    let honest: Vec<(String, String)> = [
        ("AccountSid", world.identity.account_sid.as_str()),
        ("CallSid", &sid),
        ("CallStatus", "completed"),
        ("Direction", "inbound"),
        ("From", local::demo::business::CALLER),
        ("To", world.business.number.as_e164()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let signature = simulator::twilio::sign_form(world.identity.auth_token.expose(), url.as_str(), &honest);
    let forged = Webhook::post("/twilio/voice/status")
        .field(&format!("AccountSid{}CallSid", world.identity.account_sid), &sid)
        .field("CallStatus", "completed")
        .field("Direction", "inbound")
        .field("From", local::demo::business::CALLER)
        .field("To", world.business.number.as_e164())
        .signature(&signature);
    assert_eq!(forged.send(&world).await.0, 403);
}

/// Fault 10. A valid signature of another account opens nothing of this account.
async fn another_accounts_webhook_is_refused(world: Arc<World>) {
    let other = format!("AC{}", "2".repeat(32));
    let webhook = Webhook::inbound(&world, &new_call_sid()).field("AccountSid", &other);
    assert_eq!(webhook.send(&world).await.0, 403);
}

/// Fault 11. A body beyond the bound is refused before it is looked into; too many parameters as well.
async fn oversize_and_overfull_forms_are_refused(world: World) {
    let large = Webhook::inbound(&world, &call_sid(6)).field("CallerName", &"x".repeat(1 << 20));
    assert_eq!(large.send(&world).await.0, 413);
    let mut many = Webhook::inbound(&world, &call_sid(6));
    for index in 0..10_000 {
        many = many.field(&format!("P{index}"), "");
    }
    assert!(matches!(many.send(&world).await.0, 400 | 413));
    assert_eq!(rows(&world).await, 0);
}

/// Case C03. Case C04. Case C05. What is not read never costs a webhook, nor what cannot be read and may be missing.
async fn unread_parameters_and_unreadable_values_cost_nothing(world: World) {
    let sid = call_sid(8);
    let more = |webhook: Webhook| {
        let names =
            ["Region", "callerId", "Caller name", "rpm.status", "SipHeader_X_Route_Id", "to", "9", "CNAM"];
        names.iter().fold(webhook, |webhook, name| webhook.field(name, "To be read by nobody"))
    };
    let (status, twiml) = more(Webhook::inbound(&world, &sid)).send(&world).await;
    assert!(status == 200 && twiml.contains("<Stream"), "{status} {twiml}");
    let ended = more(Webhook::status(&world, &sid, "completed", 3))
        .field("CallDuration", "12.0")
        .field("SipResponseCode", "486 Busy Here")
        .field("Timestamp", "yesterday");
    assert_eq!(ended.send(&world).await.0, 204);
    let record = world.record(&sid).await;
    assert_eq!((record.status.as_str(), record.duration_s), ("completed", None));
    let left = more(Webhook::inbound(&world, &sid))
        .at("/twilio/voice/no-agent/after-message")
        .field("CallStatus", "completed")
        .field("Digits", "hangup");
    assert_eq!(left.send(&world).await.0, 200);
    let recorded = Webhook::post("/twilio/recording")
        .field("AccountSid", &world.identity.account_sid)
        .field("CallSid", &sid)
        .field("RecordingSid", &format!("RE{}", "1".repeat(32)))
        .field("RecordingStatus", "completed")
        .field("RecordingDuration", "-1");
    assert_eq!(more(recorded).send(&world).await.0, 204);
}

/// A shared key signs with SHA-256, two of them during a rotation; settings that name no algorithm mean the token.
async fn a_webhook_may_be_signed_with_a_shared_key(world: World) {
    let keys = [("TWILIO_WEBHOOK_KEYS", "old=first+key/==,new=second key")];
    let inbound = HttpSandbox::start(&world, "voice-inbound", &keys).await;
    let webhook = Webhook::inbound(&world, &call_sid(9));
    let settings = "X-Twilio-Webhooks-Signature-Settings";
    for (named, key, expected) in [
        ("old", "first+key/==", 200),
        ("new", "second key", 200),
        ("new", "first+key/==", 403),
        ("unknown", "second key", 403),
    ] {
        let signed = webhook
            .clone()
            .signed_with_shared_key(key)
            .header(settings, &format!("key={named},algorithm=HMAC_SHA256"));
        assert_eq!(inbound.receives(&world, &signed).await.0, expected, "{named}");
    }
    for named in ["", "algorithm=HMAC_SHA1", "key=new"] {
        let signed = webhook.clone().header(settings, named);
        assert_eq!(inbound.receives(&world, &signed).await.0, 200, "{named}");
    }
}

/// Fault 15. While the auth token is rotated both signatures hold; afterwards the old one opens nothing.
async fn both_tokens_hold_during_a_rotation_and_the_old_one_no_longer(world: World) {
    let (old, new) = (world.identity.auth_token.expose(), "the token that was made during the rotation");
    let during = [("TWILIO_AUTH_TOKEN", new), ("TWILIO_AUTH_TOKEN_PREVIOUS", old)];
    let after = [("TWILIO_AUTH_TOKEN", new)];
    let webhook = Webhook::inbound(&world, &call_sid(7));
    for (settings, token, expected) in [
        (&during[..], old, 200),
        (&during, new, 200),
        (&during, "neither", 403),
        (&after, new, 200),
        (&after, old, 403),
    ] {
        let inbound = HttpSandbox::start(&world, "voice-inbound", settings).await;
        let (status, _) = inbound.receives(&world, &webhook.clone().signed_with(token)).await;
        assert_eq!(status, expected, "{} settings", settings.len());
    }
}

acceptance::tests![
    a_wrong_or_missing_signature_gets_403_and_has_no_effect,
    spoofed_host_headers_neither_help_nor_harm,
    moving_the_boundary_between_parameters_is_refused,
    another_accounts_webhook_is_refused,
    oversize_and_overfull_forms_are_refused,
    unread_parameters_and_unreadable_values_cost_nothing,
    a_webhook_may_be_signed_with_a_shared_key,
    both_tokens_hold_during_a_rotation_and_the_old_one_no_longer,
];
