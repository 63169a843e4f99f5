//! What several operations have alike stands once in the OpenAPI document: refusals, and parameters.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::{OpenApi, Ref, RefOr};

use super::routes::operations;

/// Moves every refusal and every parameter that two operations or more have alike to the document's components. Where several
/// would have one name there, the most frequent one gets it, and the others stay where they are.
pub fn share(document: &mut OpenApi) {
    let (mut refusals, mut parameters) = (Alike::default(), Alike::default());
    for_each(document, |operation| {
        for (name, refusal) in refusals_of(operation) {
            refusals.count(name, refusal);
        }
        for (name, parameter) in parameters_of(operation) {
            parameters.count(name, parameter);
        }
    });
    let (refusals, parameters) = (refusals.most_frequent(), parameters.most_frequent());
    for_each(document, |operation| {
        for (name, refusal) in refusals_of(operation) {
            refer(&refusals, "responses", &name, refusal);
        }
        for (name, parameter) in parameters_of(operation) {
            refer(&parameters, "parameters", &name, parameter);
        }
    });
    let components = document.components.get_or_insert_default();
    components.responses.extend(refusals.into_iter().map(|(name, part)| (name, RefOr::T(part))));
    components.parameters.extend(parameters.into_iter().map(|(name, part)| (name, RefOr::T(part))));
}

/// Parts by the name that they would have, each with how often it is there.
struct Alike<T>(BTreeMap<String, Vec<(T, usize)>>);

impl<T> Default for Alike<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + PartialEq> Alike<T> {
    fn count(&mut self, name: String, part: &RefOr<T>) {
        let RefOr::T(part) = part else { return };
        let so_named = self.0.entry(name).or_default();
        match so_named.iter_mut().find(|(known, _)| known == part) {
            Some((_, times)) => *times += 1,
            None => so_named.push((part.clone(), 1)),
        }
    }

    fn most_frequent(self) -> BTreeMap<String, T> {
        let most = |parts: Vec<(T, usize)>| parts.into_iter().max_by_key(|(_, times)| *times);
        let several =
            |(name, parts)| most(parts).filter(|(_, times)| *times > 1).map(|(part, _)| (name, part));
        self.0.into_iter().filter_map(several).collect()
    }
}

fn refer<T: PartialEq>(shared: &BTreeMap<String, T>, kind: &str, name: &str, part: &mut RefOr<T>) {
    if matches!(part, RefOr::T(own) if shared.get(name) == Some(own)) {
        *part = RefOr::Ref(Ref::new(format!("#/components/{kind}/{name}")));
    }
}

fn for_each(document: &mut OpenApi, mut look: impl FnMut(&mut Operation)) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            look(operation);
        }
    }
}

/// `409` and "It is gone." are `Refused409ItIsGone`.
fn refusals_of(operation: &mut Operation) -> impl Iterator<Item = (String, &mut RefOr<Response>)> {
    let answers = operation.responses.responses.iter_mut();
    answers.filter(|(status, _)| status.starts_with(['4', '5'])).filter_map(|(status, answer)| {
        let RefOr::T(own) = &*answer else { return None };
        Some((format!("Refused{status}{}", camel_case(&own.description)), answer))
    })
}

/// `If-Match`, which is a header, is `HeaderIfMatch`.
fn parameters_of(operation: &mut Operation) -> impl Iterator<Item = (String, &mut RefOr<Parameter>)> {
    operation.parameters.iter_mut().flatten().filter_map(|parameter| {
        let RefOr::T(own) = &*parameter else { return None };
        let place = match own.parameter_in {
            ParameterIn::Path => "Path",
            ParameterIn::Header => "Header",
            _ => "Query",
        };
        Some((format!("{place}{}", camel_case(&own.name)), parameter))
    })
}

fn camel_case(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let (first, rest) = word.split_at_checked(1)?;
        Some(format!("{}{rest}", first.to_ascii_uppercase()))
    };
    words.filter_map(capital).collect()
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, PathItem, PathsBuilder};
    use utoipa::openapi::{OpenApiBuilder, ResponseBuilder};

    use super::*;

    #[test]
    fn what_two_operations_have_alike_stands_once_and_what_differs_stays() {
        let mut paths = PathsBuilder::new();
        for (path, says) in [("/a", "It is gone."), ("/b", "It is gone."), ("/c", "It's another thing.")] {
            let parameter = ParameterBuilder::new().name("If-Match").parameter_in(ParameterIn::Header);
            let operation = OperationBuilder::new()
                .parameter(parameter.description(Some(says)))
                .response("200", ResponseBuilder::new().description("It is gone."))
                .response("409", ResponseBuilder::new().description(says));
            paths = paths.path(path, PathItem::new(HttpMethod::Post, operation));
        }
        let mut document = OpenApiBuilder::new().paths(paths).build();
        share(&mut document);
        let document = serde_json::to_value(document).unwrap();
        let operation = |path: &str| &document["paths"][path]["post"];
        for path in ["/a", "/b"] {
            let (answers, parameters) = (&operation(path)["responses"], &operation(path)["parameters"]);
            assert_eq!(answers["409"]["$ref"], "#/components/responses/Refused409ItIsGone");
            assert_eq!(answers["200"]["description"], "It is gone.");
            assert_eq!(parameters[0]["$ref"], "#/components/parameters/HeaderIfMatch");
        }
        assert_eq!(operation("/c")["responses"]["409"]["description"], "It's another thing.");
        assert_eq!(operation("/c")["parameters"][0]["description"], "It's another thing.");
        let components = &document["components"];
        assert_eq!(components["responses"].as_object().unwrap().len(), 1);
        assert_eq!(components["responses"]["Refused409ItIsGone"]["description"], "It is gone.");
        assert_eq!(components["parameters"].as_object().unwrap().len(), 1);
        assert_eq!(components["parameters"]["HeaderIfMatch"]["description"], "It is gone.");
    }
}
