//! People whom the business knows.

use super::*;

const LIST: &str = "/v1/contacts";
const ONE: &str = "/v1/contacts/{contact}";

pub(super) async fn of_contacts(answers: &mut Answers<'_>) {
    of_documents(answers).await;
    let (first, second) = of_people(answers).await;
    besides(answers, &first).await;
    moves(answers, &first, &second).await;
    of_files(answers).await;
    of_person_exports(answers).await;
    of_erasures(answers).await;
    let path = format!("{LIST}/{first}");
    let tag = etag(answers, &path).await;
    answers.ask("deleted", Method::DELETE, ONE, &path, header("if-match", &tag)).await;
    answers.ask("no such contact", Method::GET, ONE, &path, Extra::default()).await;
}

async fn etag(answers: &Answers<'_>, path: &str) -> String {
    let key = answers.world.identity.api_key.expose();
    let answer = answers.browser.get(answers.world.url(path)).bearer_auth(key).send().await.unwrap();
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

fn with(name: &'static str, value: &str, body: Value) -> Extra {
    Extra { headers: vec![(name, value.to_owned())], body: Some(body), ..Extra::default() }
}

fn id_in(body: &str) -> String {
    let read: Value = serde_json::from_str(body).unwrap();
    read["id"].as_str().unwrap().to_owned()
}

async fn of_documents(answers: &mut Answers<'_>) {
    let path = "/v1/contacts/fields";
    answers.ask("none yet", Method::GET, path, path, Extra::default()).await;
    let fields = json!({ "fields": [
        { "key": "city", "label": "City", "kind": "text", "agent_readable": true, "agent_writable": true },
        { "key": "size", "label": "Size", "kind": "select", "options": ["small", "large"] },
    ] });
    answers.ask("two", Method::PUT, path, path, with("if-match", "\"v0\"", fields.clone())).await;
    answers.ask("stale", Method::PUT, path, path, with("if-match", "\"v0\"", fields)).await;
    let twice = json!({ "fields": [
        { "key": "city", "label": "City", "kind": "text" }, { "key": "city", "label": "", "kind": "text", "options": ["x"] },
    ] });
    answers.ask("mistakes", Method::PUT, path, path, with("if-match", "\"v1\"", twice)).await;
    let path = "/v1/contacts/pipeline";
    answers.ask("as it comes", Method::GET, path, path, Extra::default()).await;
    let shorter = json!({ "statuses": [
        { "id": "new", "label": "New", "kind": "open" }, { "id": "booked", "label": "Booked", "kind": "won" },
        { "id": "not_interested", "label": "Not interested", "kind": "lost" },
    ] });
    answers
        .ask("a status is gone", Method::PUT, path, path, with("if-match", "\"v0\"", shorter.clone()))
        .await;
    let mut replaced = shorter;
    replaced["retired"] = json!({ "qualified": "new" });
    answers.ask("one takes its place", Method::PUT, path, path, with("if-match", "\"v0\"", replaced)).await;
}

async fn of_people(answers: &mut Answers<'_>) -> (String, String) {
    let dana = json!({
        "name": "Dana Levi",
        "handles": [{ "kind": "phone", "value": "+43 720 555 017" }],
        "language": "de-AT",
        "tags": ["regular"],
        "fields": { "city": "Graz", "size": "small" },
    });
    let post = |key: &str, body: &Value| with("idempotency-key", key, body.clone());
    let (_, body) = answers.ask("new", Method::POST, LIST, LIST, post("contact-1", &dana)).await;
    let first = id_in(&body);
    answers.ask("once more", Method::POST, LIST, LIST, post("contact-1", &dana)).await;
    answers.ask("a handle is taken", Method::POST, LIST, LIST, post("contact-2", &dana)).await;
    let ada = json!({ "name": "Ada Levi", "handles": [{ "kind": "email", "value": "Ada@Example.com" }] });
    answers.ask("another request", Method::POST, LIST, LIST, post("contact-1", &ada)).await;
    let (_, body) = answers.ask("an address", Method::POST, LIST, LIST, post("contact-3", &ada)).await;
    let second = id_in(&body);
    let bad = json!({
        "name": "", "handles": [{ "kind": "phone", "value": "0720" }], "language": "xx", "time_zone": "Mars",
        "name_policy": "shout", "fields": { "size": "huge", "colour": "red" },
    });
    answers.ask("mistakes", Method::POST, LIST, LIST, post("contact-4", &bad)).await;
    answers.ask("no key", Method::POST, LIST, LIST, json_body(ada)).await;
    for (case, query) in [
        ("a page", "limit=1"),
        ("by number", "number=%2B43720555017"),
        ("by name", "name=da+lev"),
        ("by tag and status", "tag=regular&status=new"),
        ("no number", "number=112"),
    ] {
        answers.ask(case, Method::GET, LIST, &format!("{LIST}?{query}"), Extra::default()).await;
    }
    let path = format!("{LIST}/{first}");
    answers.ask("one", Method::GET, ONE, &path, Extra::default()).await;
    let change = json!({ "company": "Harbour Bikes", "language": null, "fields": { "size": null } });
    answers.ask("changed", Method::PATCH, ONE, &path, with("if-match", "\"v1\"", change.clone())).await;
    answers.ask("stale", Method::PATCH, ONE, &path, with("if-match", "\"v1\"", change.clone())).await;
    answers.ask("not seen", Method::PATCH, ONE, &path, json_body(change)).await;
    (first, second)
}

async fn besides(answers: &mut Answers<'_>, contact: &str) {
    let path = |rest: &str| format!("{LIST}/{contact}{rest}");
    let post = |key: &str, body: Value| with("idempotency-key", key, body);
    let notes = "/v1/contacts/{contact}/notes";
    let note = json!({ "text": "prefers mornings", "agent_readable": true });
    let (_, body) =
        answers.ask("a note", Method::POST, notes, &path("/notes"), post("note-1", note.clone())).await;
    answers.ask("once more", Method::POST, notes, &path("/notes"), post("note-1", note)).await;
    answers.ask("empty", Method::POST, notes, &path("/notes"), post("note-2", json!({ "text": " " }))).await;
    answers.ask("all", Method::GET, notes, &path("/notes"), Extra::default()).await;
    let note = id_in(&body);
    let (route, one) = ("/v1/contacts/{contact}/notes/{note}", path(&format!("/notes/{note}")));
    answers.ask("gone", Method::DELETE, route, &one, Extra::default()).await;
    answers.ask("no such note", Method::DELETE, route, &one, Extra::default()).await;
    let tasks = "/v1/contacts/{contact}/tasks";
    let task = json!({ "text": "send the offer", "due_at": "2026-12-01T08:30:00Z" });
    let (_, body) = answers.ask("a task", Method::POST, tasks, &path("/tasks"), post("task-1", task)).await;
    answers.ask("all", Method::GET, tasks, &path("/tasks"), Extra::default()).await;
    let task = id_in(&body);
    let (route, one) = ("/v1/contacts/{contact}/tasks/{task}", path(&format!("/tasks/{task}")));
    answers.ask("done", Method::PATCH, route, &one, json_body(json!({ "done": true, "due_at": null }))).await;
    let soon = json!({ "due_at": "soon" });
    answers.ask("no moment", Method::PATCH, route, &one, json_body(soon)).await;
    answers.ask("gone", Method::DELETE, route, &one, Extra::default()).await;
    let timeline = "/v1/contacts/{contact}/timeline";
    answers.ask("empty", Method::GET, timeline, &path("/timeline"), Extra::default()).await;
}

async fn of_files(answers: &mut Answers<'_>) {
    let route = "/v1/contacts/imports";
    let file = "name,phone\nEve,+436641234599\nLost,4.36641E+11\n";
    let new = json!({ "bytes": file.len(), "country": "AT" });
    let (_, body) = answers
        .ask("begun", Method::POST, route, route, with("idempotency-key", "import-1", new.clone()))
        .await;
    let import = id_in(&body);
    let reused = with("idempotency-key", "import-1", json!({ "bytes": 1 }));
    answers.ask("another request", Method::POST, route, route, reused).await;
    let mistakes = with("idempotency-key", "import-2", json!({ "bytes": 0, "country": "XX" }));
    answers.ask("mistakes", Method::POST, route, route, mistakes).await;
    answers.ask("one", Method::GET, route, route, Extra::default()).await;
    let of = |rest: &str| (format!("{route}/{{import}}{rest}"), format!("{route}/{import}{rest}"));
    let (one, path) = of("");
    answers.ask("its file is waited for", Method::GET, &one, &path, Extra::default()).await;
    let upload: Value = serde_json::from_str(&body).unwrap();
    let put = answers.browser.put(upload["upload"]["url"].as_str().unwrap());
    let headers = upload["upload"]["headers"].as_object().unwrap();
    let put = headers.iter().fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap()));
    assert_eq!(put.body(file).send().await.unwrap().status(), 200);
    for (step, state) in [("/check", "checked"), ("/run", "done"), ("/undo", "undone")] {
        let (route, path) = of(step);
        answers.ask("begun", Method::POST, &route, &path, Extra::default()).await;
        let world = answers.world;
        world
            .until(|| async {
                let (_, import) = world.get(&of("").1).await;
                (import["state"] == state).then_some(())
            })
            .await;
        if step == "/check" {
            let (route, path) = of("/problems");
            answers.ask("of the check", Method::GET, &route, &path, Extra::default()).await;
        }
    }
    answers.ask("taken back", Method::GET, &one, &path, Extra::default()).await;
    let (route, path) = of("/check");
    answers.ask("too late", Method::POST, &route, &path, Extra::default()).await;
    let route = "/v1/contacts/exports";
    let (_, body) =
        answers.ask("begun", Method::POST, route, route, header("idempotency-key", "export-1")).await;
    let path = format!("{route}/{}", id_in(&body));
    let world = answers.world;
    world
        .until(|| async {
            let (_, export) = world.get(&path).await;
            (export["state"] == "done").then_some(())
        })
        .await;
    answers.ask("written", Method::GET, "/v1/contacts/exports/{export}", &path, Extra::default()).await;
}

async fn of_person_exports(answers: &mut Answers<'_>) {
    let new = with("idempotency-key", "contact-6", json!({ "name": "Ada" }));
    let (_, body) = answers.ask("to be exported", Method::POST, LIST, LIST, new).await;
    let contact = id_in(&body);
    let (route, path) = ("/v1/contacts/{contact}/export", format!("{LIST}/{contact}/export"));
    let (_, body) =
        answers.ask("begun", Method::POST, route, &path, header("idempotency-key", "person-1")).await;
    answers.ask("no key", Method::POST, route, &path, Extra::default()).await;
    let one = format!("{path}/{}", id_in(&body));
    let world = answers.world;
    world.until(|| async { (world.get(&one).await.1["state"] == "done").then_some(()) }).await;
    let shape = "/v1/contacts/{contact}/export/{person_export}";
    answers.ask("written", Method::GET, shape, &one, Extra::default()).await;
    let unknown = format!("{path}/prq_{}", "9".repeat(32));
    answers.ask("no such export", Method::GET, shape, &unknown, Extra::default()).await;
    answers.ask("one", Method::GET, route, &path, Extra::default()).await;
}

async fn of_erasures(answers: &mut Answers<'_>) {
    let new = with("idempotency-key", "contact-5", json!({ "name": "Eve" }));
    let (_, body) = answers.ask("to be erased", Method::POST, LIST, LIST, new).await;
    let contact = id_in(&body);
    let (route, path) = ("/v1/contacts/{contact}/erasure", format!("{LIST}/{contact}/erasure"));
    let post = |confirm: &str| with("idempotency-key", "erasure-1", json!({ "confirm": confirm }));
    answers.ask("not confirmed", Method::POST, route, &path, post("Eve")).await;
    let (_, body) = answers.ask("begun", Method::POST, route, &path, post(&contact)).await;
    let (list, one) = ("/v1/contacts/erasures", "/v1/contacts/erasures/{erasure}");
    let erasure = format!("{list}/{}", id_in(&body));
    let world = answers.world;
    world
        .until(|| async {
            let (_, report) = world.get(&erasure).await;
            let steps = report["steps"].as_array().unwrap();
            steps.iter().all(|step| step["state"] != "pending").then_some(())
        })
        .await;
    answers.ask("after a round", Method::GET, one, &erasure, Extra::default()).await;
    answers.ask("once more", Method::POST, route, &path, post(&contact)).await;
    answers.ask("one", Method::GET, list, list, Extra::default()).await;
}

async fn moves(answers: &mut Answers<'_>, first: &str, second: &str) {
    let path = |rest: &str| format!("{LIST}/{first}{rest}");
    let tag = etag(answers, &path("")).await;
    let route = "/v1/contacts/{contact}/lead";
    let move_to = |status: &str| json!({ "status": status, "reason": "came by" });
    answers
        .ask("moved", Method::POST, route, &path("/lead"), with("if-match", &tag, move_to("booked")))
        .await;
    answers.ask("stale", Method::POST, route, &path("/lead"), with("if-match", &tag, move_to("new"))).await;
    let tag = etag(answers, &path("")).await;
    answers
        .ask("no status", Method::POST, route, &path("/lead"), with("if-match", &tag, move_to("sold")))
        .await;
    let route = "/v1/contacts/{contact}/candidates";
    answers.ask("none", Method::GET, route, &path("/candidates"), Extra::default()).await;
    let (route, other) = ("/v1/contacts/{contact}/merge", json!({ "other": second }));
    answers.ask("merged", Method::POST, route, &path("/merge"), with("if-match", &tag, other.clone())).await;
    let tag = etag(answers, &path("")).await;
    answers
        .ask("one already", Method::POST, route, &path("/merge"), with("if-match", &tag, other.clone()))
        .await;
    let timeline = "/v1/contacts/{contact}/timeline";
    let merges = path("/timeline?kind=merge");
    answers.ask("of one kind", Method::GET, timeline, &merges, Extra::default()).await;
    let route = "/v1/contacts/{contact}/unmerge";
    answers
        .ask("undone", Method::POST, route, &path("/unmerge"), with("if-match", &tag, other.clone()))
        .await;
    let tag = etag(answers, &path("")).await;
    answers.ask("not merged", Method::POST, route, &path("/unmerge"), with("if-match", &tag, other)).await;
}
