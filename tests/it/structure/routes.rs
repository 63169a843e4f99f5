//! What the template's events hand to the functions, and what the functions serve.

use local::template::{Route, Template};

/// What a function serves and the gateway does not hand to it is as good as not there, and the reverse is a 404 that
/// cost a function's start.
fn every_route_that_is_documented_reaches_its_function() {
    let template = Template::load().unwrap();
    for function in &template.functions {
        let documented = acceptance::routes::documented(&function.name);
        for (method, path) in &documented {
            assert!(
                function.routes.iter().any(|route| takes(route, method, path)),
                "{}: no event of the template hands it {method} {path}",
                function.logical_id
            );
        }
        for route in function.routes.iter().filter(|route| route.path.starts_with("/v1/")) {
            let of_a_business =
                route.path.strip_prefix("/v1/businesses/{business}").map(|rest| format!("/v1{rest}"));
            let own = Route { path: of_a_business.unwrap_or_else(|| route.path.clone()), ..route.clone() };
            assert!(
                function.name == "api-document"
                    || documented.iter().any(|(method, path)| {
                        let head = route.method == "HEAD" && method == "GET";
                        let asked = if head { "HEAD" } else { method };
                        takes(route, asked, path) || takes(&own, asked, path)
                    }),
                "{}: it answers nothing at {} {}",
                function.logical_id,
                route.method,
                route.path
            );
        }
    }
}

fn takes(route: &Route, method: &str, path: &str) -> bool {
    let below = route.path.strip_suffix("{path+}").and_then(|before| path.strip_prefix(before));
    (route.method == Route::ANY || route.method == method)
        && (route.path == path || below.is_some_and(|rest| !rest.is_empty()))
}

/// Which of two such routes API Gateway takes is easily mistaken.
fn what_lies_below_a_path_of_any_method_is_one_functions() {
    let template = Template::load().unwrap();
    let routes =
        || template.functions.iter().flat_map(|of| of.routes.iter().map(move |route| (&of.name, route)));
    for (owner, area) in routes().filter(|(_, route)| route.method == Route::ANY && route.path != Route::REST)
    {
        let before = area.path.trim_end_matches("{path+}").trim_end_matches('/');
        for (other, route) in routes() {
            let below =
                route.path.strip_prefix(before).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            assert!(
                other == owner || !below,
                "{} {} of {other} lies in {}",
                route.method,
                route.path,
                area.path
            );
        }
    }
}

acceptance::tests![
    every_route_that_is_documented_reaches_its_function,
    what_lies_below_a_path_of_any_method_is_one_functions,
];
