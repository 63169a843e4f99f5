//! What is wrong with settings, or likely a mistake, before they are published.
//!
//! Every rule about settings is asked here, each by its owner: the toolbox's, the opening hours', the prompts', the
//! bounds of figures. Fields that are unknown or of the wrong shape are found where a document is read; schemas and
//! addresses of tools by the crates that can read them.

mod figures;
mod languages;
mod terms;
mod texts;

use crate::Business;
use crate::business::Settings;
use crate::hours::{DAYS, MAX_SPANS};
use crate::outbound::InvalidOutboundPolicy;
use crate::tools::{HTTP_TOOLS_MAX, InvalidToolbox, PROMISE_CALL_BACK, RECORD_DO_NOT_CALL};

pub use crate::prompt::lint::Severity;

/// The most findings of one check. More would help nothing; errors are kept before warnings.
pub const MAX_FINDINGS: usize = 200;
/// All texts together, bytes: a revision is one row of at most 400 KB, and a call's plan carries most of it.
pub const MAX_TEXT_BYTES: usize = 300_000;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The field, a JSON pointer (RFC 6901) into the settings. Empty: the whole.
    pub pointer: String,
    /// Whether it keeps the settings from being published.
    pub severity: Severity,
    /// The word for programs.
    pub code: &'static str,
    /// What is wrong and what to do. It repeats nothing secret.
    pub detail: String,
}

/// Everything that is wrong with these settings for this business; errors come first. Settings with an error are not
/// published.
pub fn check(business: &Business, settings: &Settings) -> Vec<Finding> {
    let mut found = Findings(vec![]);
    for (path, invalid) in settings.tools.lint() {
        found.error(&format!("tools.{path}"), invalid.code(), invalid);
    }
    reserved(settings, &mut found);
    hours(business, settings, &mut found);
    outbound(settings, &mut found);
    texts::check(business, settings, &mut found);
    languages::check(settings, &mut found);
    figures::check(settings, &mut found);
    terms::check(settings, &mut found);
    let mut findings = found.0;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.truncate(MAX_FINDINGS);
    findings
}

/// A name that was free once: a business that has given it to a tool of its own keeps it until its agent places calls.
fn reserved(settings: &Settings, found: &mut Findings) {
    let places_calls = settings.prompts.outbound.is_some();
    for (index, tool) in settings.tools.http.iter().enumerate().take(HTTP_TOOLS_MAX) {
        if places_calls && [RECORD_DO_NOT_CALL, PROMISE_CALL_BACK].contains(&tool.name.as_str()) {
            let invalid = InvalidToolbox::Taken { what: "tool", name: tool.name.clone() };
            found.error(&format!("tools.http[{index}].name"), invalid.code(), invalid);
        }
    }
}

fn hours(business: &Business, settings: &Settings, found: &mut Findings) {
    let Some(hours) = &settings.hours else {
        if crate::zone::Zone::parse(&business.time_zone).is_err() {
            let lint = crate::hours::Lint::UnknownZone;
            found.warning("", lint.code(), lint);
        }
        return;
    };
    for crate::hours::Finding { path, lint } in hours.lint(&business.time_zone, &settings.tools.directory) {
        let path = if path.is_empty() { "hours".to_owned() } else { format!("hours.{path}") };
        let severity = if lint.is_error() { Severity::Error } else { Severity::Warning };
        found.add(&path, severity, lint.code(), lint);
    }
}

fn outbound(settings: &Settings, found: &mut Findings) {
    for (day, name) in DAYS {
        if settings.outbound.hours.spans(day).len() > MAX_SPANS {
            let detail = format_args!("give {MAX_SPANS} spans of time at most");
            found.error(&format!("outbound.hours.{name}"), "too_many", detail);
        }
    }
    let Err(invalid) = settings.outbound.check() else { return };
    let path = match invalid {
        InvalidOutboundPolicy::NoHours => "outbound.hours",
        InvalidOutboundPolicy::CoolDown => "outbound.cool_down",
    };
    found.error(path, invalid.code(), invalid);
}

/// Findings under way. Their paths are ours, such as `tools.http[0].name`.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: &str, severity: Severity, code: &'static str, detail: impl ToString) {
        self.0.push(Finding { pointer: pointer(path), severity, code, detail: detail.to_string() });
    }

    fn error(&mut self, path: &str, code: &'static str, detail: impl ToString) {
        self.add(path, Severity::Error, code, detail);
    }

    fn warning(&mut self, path: &str, code: &'static str, detail: impl ToString) {
        self.add(path, Severity::Warning, code, detail);
    }
}

/// A path of ours as a JSON pointer: `tools.http[0].name` as `/tools/http/0/name`. A key that is a business's own stands in
/// brackets like an index.
pub fn pointer(path: &str) -> String {
    let mut pointer = String::with_capacity(path.len() + 1);
    let mut rest = path;
    while !rest.is_empty() {
        let part = match rest.strip_prefix('[') {
            Some(inner) => {
                let (key, behind) = inner.split_once(']').unwrap_or((inner, ""));
                rest = behind;
                key
            }
            None => {
                let plain = rest.strip_prefix('.').unwrap_or(rest);
                let end = plain.find(['.', '[']).unwrap_or(plain.len());
                rest = &plain[end..];
                &plain[..end]
            }
        };
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

#[cfg(test)]
mod tests;
