//! `api-document` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::api_document()
}
