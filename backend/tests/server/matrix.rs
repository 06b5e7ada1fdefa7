//! The list of endpoints: complete, and kept by the server for every role.

use std::collections::BTreeSet;

use tsudoi_server::http::matrix::ENDPOINTS;

#[test]
fn every_endpoint_of_the_description_is_in_the_list_once() {
    let description = serde_json::to_value(tsudoi_server::http::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let described: BTreeSet<(String, String)> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let listed: Vec<(String, String)> =
        ENDPOINTS.iter().map(|endpoint| (endpoint.method.to_owned(), endpoint.path.to_owned())).collect();
    assert_eq!(described, listed.iter().cloned().collect(), "an endpoint is missing in http/matrix.rs, or is no more");
    assert_eq!(described.len(), listed.len(), "an endpoint is listed twice");
}
