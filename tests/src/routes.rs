//! The routes of the product, in whichever way the template hands them to their functions.

use functions::features;
use local::template::{Function, Route, Template};

/// A route and the function that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub method: String,
    pub path: String,
    pub function: String,
}

/// Every route. Of a function that gets whatever lies below a path these are the routes that it documents, with a HEAD
/// for each GET; of another those of the template.
pub fn all() -> Vec<Served> {
    Template::load().expect("the template is read").functions.iter().flat_map(of).collect()
}

fn of(function: &Function) -> Vec<Served> {
    let listed = function.routes.iter().filter(|route| route.method != Route::ANY);
    let mut routes: Vec<(String, String)> =
        listed.map(|route| (route.method.clone(), route.path.clone())).collect();
    if function.routes.iter().any(|route| route.method == Route::ANY && route.path != Route::REST) {
        for (method, path) in documented(&function.name) {
            if method == "GET" {
                routes.push(("HEAD".to_owned(), path.clone()));
            }
            routes.push((method, path));
        }
    }
    let served =
        routes.into_iter().map(|(method, path)| Served { method, path, function: function.name.clone() });
    served.collect()
}

/// Method and path of each operation that a function has in the OpenAPI document.
pub fn documented(function: &str) -> Vec<(String, String)> {
    let document = features::named(function).and_then(features::Feature::document);
    document.map(|(_, rules)| rules.into_keys().collect()).unwrap_or_default()
}
