//! Routes, each with the scope that it asks for.

use axum::Router;
use domain::access::Scope;
use http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::described;
use super::rule::{KEY, Rule, Rules};

/// The routes of one function.
pub struct Routes<S> {
    pub(super) router: OpenApiRouter<S>,
    pub(super) rules: Rules,
    pub(super) besides: Option<fn(S) -> Router>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub fn new() -> Self {
        Self { router: OpenApiRouter::new(), rules: Rules::new(), besides: None }
    }

    /// Routes about one business: `routes!(handler)`.
    #[must_use]
    pub fn of_business(self, scope: Scope, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(Rule::OfBusiness(scope), routes)
    }

    /// Routes about one business whose paths go on from `prefix`, and the names of whose operations from their own with
    /// `suffix`: several prefixes may have the same routes.
    #[must_use]
    pub fn of_business_under(
        self,
        (prefix, suffix): (&str, &str),
        scope: Scope,
        routes: UtoipaMethodRouter<S>,
    ) -> Self {
        let (schemas, mut paths, methods) = routes;
        let under = std::mem::take(&mut paths.paths).into_iter().map(|(path, mut item)| {
            for id in operations(&mut item).filter_map(|(_, operation)| operation.operation_id.as_mut()) {
                id.push_str(suffix);
            }
            (format!("{prefix}{path}"), item)
        });
        paths.paths = under.collect();
        self.add(Rule::OfBusiness(scope), (schemas, paths, methods))
    }

    /// Routes about the deployment.
    #[must_use]
    pub fn of_operator(self, scope: Scope, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(Rule::OfOperator(scope), routes)
    }

    /// Routes that an operator and a business use alike, each for what is theirs.
    #[must_use]
    pub fn of_key(self, scope: Scope, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(Rule::OfKey(scope), routes)
    }

    /// Routes that ask for a key, whatever it may do.
    #[must_use]
    pub fn of_any_key(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(Rule::AnyKey, routes)
    }

    /// Routes that ask for no key.
    #[must_use]
    pub fn open(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(Rule::Open, routes)
    }

    /// Requests that are not the API's, with a check of their own.
    #[must_use]
    pub fn besides(mut self, router: fn(S) -> Router) -> Self {
        self.besides = Some(router);
        self
    }

    /// The same routes with a layer of their own.
    #[must_use]
    pub fn layered(mut self, layer: impl FnOnce(OpenApiRouter<S>) -> OpenApiRouter<S>) -> Self {
        self.router = layer(self.router);
        self
    }

    /// What the OpenAPI document says of them.
    pub fn document(self) -> (utoipa::openapi::OpenApi, Rules) {
        (self.router.into_openapi(), self.rules)
    }

    fn add(mut self, rule: Rule, (schemas, mut paths, methods): UtoipaMethodRouter<S>) -> Self {
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                operation.security = Some(match rule {
                    Rule::Open => vec![SecurityRequirement::default()],
                    rule => vec![SecurityRequirement::new(KEY, rule.scope().map(Scope::as_str))],
                });
                described::complete(path, rule, operation);
                self.rules.insert((method.to_string(), path.clone()), rule);
            }
        }
        self.router = self.router.routes((schemas, paths, methods));
        self
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// The operations of a path, with their methods.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
