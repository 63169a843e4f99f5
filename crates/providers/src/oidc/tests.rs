use super::*;

fn registered(issuer: &str) -> Result<Oidc, NoIssuer> {
    let issuer = issuer.to_owned();
    Oidc::new(Registration { issuer, client_id: "switchboard".into(), secret: None })
}

#[test]
fn an_issuer_is_a_public_address() {
    for (issuer, host) in [
        ("https://accounts.google.com", "accounts.google.com"),
        ("https://id.example/realms/shop/", "id.example"),
        ("https://id.example:8443", "id.example:8443"),
    ] {
        assert_eq!(registered(issuer).unwrap().host(), host);
    }
    for issuer in [
        "accounts.google.com",
        "http://id.example",
        "https://10.0.0.1",
        "https://169.254.169.254/",
        "https://user@id.example",
        "https://id.example?tenant=1",
        "https://id.example#x",
    ] {
        assert_eq!(registered(issuer).err(), Some(NoIssuer::Address), "{issuer}");
    }
}

/// A laptop's issuer, and its endpoints.
#[test]
fn an_issuer_on_this_machine_may_have_its_endpoints_here() {
    let oidc = registered("http://127.0.0.1:9000").unwrap();
    assert_eq!(oidc.host(), "127.0.0.1:9000");
    assert!(oidc.reached("http://127.0.0.1:9000/token").is_ok());
    assert!(oidc.reached("http://10.0.0.1/token").is_err());
}

#[test]
fn an_endpoint_leads_nowhere_inside() {
    let oidc = registered("https://id.example").unwrap();
    assert!(oidc.reached("https://keys.example/jwks").is_ok());
    for inner in
        ["http://id.example/token", "https://169.254.169.254/latest", "https://localhost/", "token", ""]
    {
        assert_eq!(
            oidc.reached(inner),
            Err(OidcError::Answer("an endpoint is no public address")),
            "{inner}"
        );
    }
}

/// RFC 6749, 2.3.1: what would part user and password is encoded.
#[test]
fn name_and_secret_are_encoded() {
    assert_eq!(encoded("a b:c/d+e%é"), "a+b%3Ac%2Fd%2Be%25%C3%A9");
}

#[test]
fn a_secret_goes_into_the_header_unless_the_issuer_does_not_take_it_there() {
    let document = |methods: Option<&[&str]>| Document {
        issuer: String::new(),
        authorization_endpoint: String::new(),
        token_endpoint: String::new(),
        jwks_uri: String::new(),
        token_endpoint_auth_methods_supported: methods
            .map(|methods| methods.iter().map(|method| (*method).to_owned()).collect()),
    };
    assert!(document(None).takes_basic());
    assert!(document(Some(&["client_secret_post", "client_secret_basic"])).takes_basic());
    assert!(!document(Some(&["client_secret_post"])).takes_basic());
}
