//! By which door a stream came, and who opened it.

use domain::own_account::Signer;
use domain::token::StreamKind;
use http::{HeaderMap, header};

/// A door, and who came in by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entrance {
    pub(crate) kind: StreamKind,
    /// The account that the stream must be of.
    pub(crate) signer: Signer,
}

impl Entrance {
    /// Twilio's door.
    pub(crate) const fn of_twilio(signer: Signer) -> Self {
        Self { kind: StreamKind::Twilio, signer }
    }

    /// The door of browsers. A browser cannot sign: it names the page's origin, which no page can forge, and its token is of a
    /// kind that Twilio's door does not take. Cookies count for nothing here. `None`: the request is of no page of the console.
    pub(crate) fn of_page(headers: &HeaderMap, console_origin: &str) -> Option<Self> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let only = origins.next().filter(|_| origins.next().is_none())?;
        (only.as_bytes() == console_origin.as_bytes())
            .then(|| Self { kind: StreamKind::Browser, signer: Signer::browser() })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_comes_from_the_console_s_own_origin_exactly() {
        const CONSOLE: &str = "https://calls.example.com";
        let lets_in = |origins: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            Entrance::of_page(&headers, CONSOLE).is_some()
        };
        assert!(lets_in(&[CONSOLE]));
        for stranger in [
            &[][..],
            &["null"],
            &["http://calls.example.com"],
            &["https://calls.example.com:8443"],
            &["https://calls.example.com/"],
            &["https://calls.example.com.example"],
            &["https://CALLS.example.com"],
            &[CONSOLE, CONSOLE],
        ] {
            assert!(!lets_in(stranger), "{stranger:?}");
        }
    }
}
