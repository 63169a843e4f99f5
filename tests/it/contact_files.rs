//! Contacts come in files and go in files.

use acceptance::World;
use acceptance::sandbox::QueueSandbox;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

use super::contacts::ask;

pub(crate) const IMPORTS: &str = "/v1/contacts/imports";

/// Begins with an import, and puts its file where it is to go.
pub(crate) async fn begun(world: &World, key: &str, file: &[u8], mut wanted: Value) -> String {
    wanted["bytes"] = json!(file.len());
    let (status, import) = ask(world, Method::POST, IMPORTS, ("idempotency-key", key), &wanted).await;
    assert_eq!(status, 201, "{import}");
    let put = put(world, &import["upload"], file).await;
    assert_eq!(put, 200, "the file is put");
    import["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn put(world: &World, upload: &Value, file: &[u8]) -> u16 {
    let request = world.http.put(upload["url"].as_str().unwrap()).body(file.to_vec());
    let headers = upload["headers"].as_object().unwrap().iter();
    let request =
        headers.fold(request, |request, (name, value)| request.header(name, value.as_str().unwrap()));
    request.send().await.unwrap().status().as_u16()
}

async fn step(world: &World, import: &str, step: &str) -> (u16, Value) {
    ask(world, Method::POST, &format!("{IMPORTS}/{import}/{step}"), ("x", "y"), &json!(null)).await
}

/// The import, once it is in this state.
async fn when(world: &World, import: &str, state: &str) -> Value {
    let path = format!("{IMPORTS}/{import}");
    world
        .until(|| async {
            let (_, import) = world.get(&path).await;
            (import["state"] == state).then_some(import)
        })
        .await
}

pub(crate) async fn checked(world: &World, import: &str) -> Value {
    let begun = step(world, import, "check").await;
    assert_eq!(begun.0, 202, "{}", begun.1);
    when(world, import, "checked").await
}

pub(crate) async fn run(world: &World, import: &str) -> Value {
    let begun = step(world, import, "run").await;
    assert_eq!(begun.0, 202, "{}", begun.1);
    when(world, import, "done").await
}

/// Everything that there is to say of an import's rows: line, header, code and weight.
async fn said(world: &World, import: &str) -> Vec<(u64, String, String, String)> {
    let (mut all, mut path) = (vec![], format!("{IMPORTS}/{import}/problems"));
    loop {
        let (status, page) = world.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.extend(page["problems"].as_array().unwrap().iter().map(|one| {
            (one["line"].as_u64().unwrap(), text(&one["column"]), text(&one["code"]), text(&one["weight"]))
        }));
        match page["next"].as_str() {
            Some(next) => path = format!("{IMPORTS}/{import}/problems?cursor={next}"),
            None => return all,
        }
    }
}

async fn names(world: &World) -> Vec<String> {
    let (mut names, mut path) = (vec![], "/v1/contacts?limit=100".to_owned());
    loop {
        let (_, page) = world.get(&path).await;
        let of = |contact: &Value| contact["name"]["value"].as_str().unwrap_or_default().to_owned();
        names.extend(page["contacts"].as_array().unwrap().iter().map(of));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/contacts?limit=100&cursor={next}"),
            None => {
                names.sort();
                return names;
            }
        }
    }
}

pub(crate) fn counts(progress: &Value) -> [u64; 5] {
    ["created", "updated", "unchanged", "left_out", "empty"].map(|name| progress[name].as_u64().unwrap())
}

/// A file is checked without a change, run, run again to no effect, and taken back; what was changed since stays.
async fn an_import_is_checked_run_and_taken_back(world: World) {
    let known = json!({ "name": "Dana Levi", "handles": [{ "kind": "phone", "value": "+436641234501" }] });
    assert_eq!(ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "k"), &known).await.0, 201);
    let file = "Full name;Mobile;E-Mail;Company;Shoe size\r\n\
                D. Levi;0664 1234501;dana@example.com;Acme;38\r\n\
                Eve;+436641234502;;;\r\n\
                ;;;;\r\n\
                Lost;4.36641E+11;;;\r\n\
                Ada;;ada@example.com;;\r\n\
                Eve again;+43 664 1234502;;Castle;\r\n";
    let import = begun(&world, "1", file.as_bytes(), json!({ "country": "AT" })).await;
    let check = checked(&world, &import).await;
    assert_eq!(counts(&check["check"]), [2, 2, 0, 1, 1], "{check:#}");
    assert_eq!((&check["file"]["delimiter"], &check["file"]["encoding"]), (&json!(";"), &json!("utf-8")));
    assert_eq!(check["file"]["headers"][1], json!({ "header": "Mobile", "column": "phone" }));
    assert_eq!(check["file"]["headers"][4], json!({ "header": "Shoe size", "column": null }));
    assert_eq!(names(&world).await, ["Dana Levi"], "a check changes nothing");
    let problems = said(&world, &import).await;
    let of =
        |line: u64| problems.iter().filter(|one| one.0 == line).map(|one| one.2.as_str()).collect::<Vec<_>>();
    assert_eq!((of(2), of(3), of(5), of(7)), (vec!["kept"], vec![], vec!["scientific"], vec!["repeated"]));
    assert_eq!(problems.iter().find(|one| one.0 == 5).unwrap().1, "Mobile");

    let done = run(&world, &import).await;
    assert_eq!(counts(&done["run"]), [2, 2, 0, 1, 1], "{done:#}");
    assert_eq!(names(&world).await, ["Ada", "Dana Levi", "Eve"]);
    let (_, eve) = world.get("/v1/contacts?number=%2B436641234502").await;
    let eve = &eve["contacts"][0];
    assert_eq!((&eve["company"]["value"], &eve["company"]["source"]), (&json!("Castle"), &json!("import")));
    assert_eq!(step(&world, &import, "run").await.0, 202, "it is done already");
    assert_eq!(step(&world, &import, "check").await.0, 409);

    // The same file once more brings nothing new.
    let again = begun(&world, "2", file.as_bytes(), json!({ "country": "AT" })).await;
    let again = checked(&world, &again).await;
    assert_eq!(counts(&again["check"]), [0, 0, 4, 1, 1], "{again:#}");

    // Ada is changed by a person, and stays.
    let (_, ada) = world.get("/v1/contacts?email=ada@example.com").await;
    let path = format!("/v1/contacts/{}", ada["contacts"][0]["id"].as_str().unwrap());
    let changed = ask(&world, Method::PATCH, &path, ("if-match", "\"v1\""), &json!({ "tags": ["a"] })).await;
    assert_eq!(changed.0, 200);
    assert_eq!(step(&world, &import, "undo").await.0, 202);
    let undone = when(&world, &import, "undone").await;
    assert_eq!(counts(&undone["undo"]), [1, 2, 0, 1, 0], "{undone:#}");
    assert_eq!(names(&world).await, ["Ada", "Dana Levi"]);
    let (_, dana) = world.get("/v1/contacts?number=%2B436641234501").await;
    assert_eq!(dana["contacts"][0]["handles"].as_array().unwrap().len(), 1, "as she was");
}

/// Old Hebrew files, Excel's UTF-16 and a file that is no table: each is read, or refused with its reason.
async fn files_of_many_programs_are_read(world: World) {
    let hebrew: Vec<u8> = {
        // "דנה" in Windows-1255.
        let mut bytes = b"name,phone\n".to_vec();
        bytes.extend([0xE3, 0xF0, 0xE4]);
        bytes.extend(b",+972541234567\n");
        bytes
    };
    let text = "\u{FEFF}name\tphone\r\nZoë\t+436641234510\r\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (key, file, encoding, name) in [("1", hebrew, "windows-1255", "דנה"), ("2", utf16, "utf-16le", "Zoë")]
    {
        let import = begun(&world, key, &file, json!({})).await;
        assert_eq!(checked(&world, &import).await["file"]["encoding"], encoding);
        run(&world, &import).await;
        assert!(names(&world).await.contains(&name.to_owned()), "{encoding}");
    }
    for (key, file, code) in [("3", "city,street\nGraz,1\n", "no_person"), ("4", "\n", "empty")] {
        let import = begun(&world, key, file.as_bytes(), json!({})).await;
        assert_eq!(step(&world, &import, "check").await.0, 202);
        let refused = when(&world, &import, "refused").await;
        assert_eq!(refused["refused"]["code"], code);
        assert_eq!(step(&world, &import, "run").await.0, 409);
    }
    // Without a file there is nothing to check; once it is there, there is.
    let wanted = json!({ "bytes": 11 });
    let (_, import) = ask(&world, Method::POST, IMPORTS, ("idempotency-key", "5"), &wanted).await;
    let id = import["id"].as_str().unwrap();
    assert_eq!(step(&world, id, "check").await.0, 202);
    assert_eq!(when(&world, id, "refused").await["refused"]["code"], "no_file");
    assert_ne!(put(&world, &import["upload"], b"name\nAda\nEve\n").await, 200, "of another length");
}

/// What is exported is taken in again unchanged, formulas and all, and by another business as well.
async fn an_export_comes_back_unchanged(world: World) {
    let field = |key: &str, kind: &str| json!({ "key": key, "label": key, "kind": kind });
    let fields = json!({ "fields": [field("note", "text"), field("since", "date"), field("paid", "bool")] });
    assert_eq!(ask(&world, Method::PUT, "/v1/contacts/fields", ("if-match", "\"v0\""), &fields).await.0, 200);
    let handles = json!([
        { "kind": "phone", "value": "+436641234520" },
        { "kind": "phone", "value": "+436641234521" },
        { "kind": "external", "value": "crm:17" }
    ]);
    for (key, contact) in [
        (
            "1",
            json!({ "name": "=HYPERLINK(\"http://x\")", "tags": ["a, b", "-c", "d;e"], "handles": handles }),
        ),
        (
            "2",
            json!({ "name": "Dana \"D\" Levi", "company": "@Acme",
            "fields": { "note": "+1\nsecond line", "since": "2026-02-03", "paid": true } }),
        ),
        (
            "3",
            json!({ "name": "'quoted", "language": "he", "time_zone": "Asia/Jerusalem", "name_policy": "use" }),
        ),
    ] {
        let made = ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", key), &contact).await;
        assert_eq!(made.0, 201, "{}", made.1);
    }
    let first = exported(&world, "e1").await;
    let text = String::from_utf8(first.clone()).unwrap();
    assert!(text.starts_with("\u{FEFF}id,name,phone,"), "{text}");
    assert!(text.contains("'=HYPERLINK") && text.contains("''quoted") && text.contains("'@Acme"), "{text}");
    let import = begun(&world, "i", &first, json!({ "mode": "overwrite" })).await;
    let check = checked(&world, &import).await;
    assert_eq!(counts(&check["check"]), [0, 0, 3, 0, 0], "{check:#} {:?}", said(&world, &import).await);
    run(&world, &import).await;
    assert_eq!(exported(&world, "e2").await, first, "to the byte");
}

/// The file of a new export.
async fn exported(world: &World, key: &str) -> Vec<u8> {
    let path = "/v1/contacts/exports";
    let (status, export) = ask(world, Method::POST, path, ("idempotency-key", key), &json!(null)).await;
    assert_eq!(status, 202, "{export}");
    let path = format!("{path}/{}", export["id"].as_str().unwrap());
    let url = world
        .until(|| async {
            let (_, export) = world.get(&path).await;
            export["url"].as_str().map(str::to_owned)
        })
        .await;
    world.http.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
}

/// Jobs come twice, late and many at once, also of a phase that is over: each row is counted once.
async fn jobs_that_come_again_take_no_row_twice(world: World) {
    let rows: Vec<String> = (0..700).map(|n| format!("Person {n},+4366412{:05}", n % 650)).collect();
    let file = format!("name,phone\n{}\n", rows.join("\n"));
    let import = begun(&world, "1", file.as_bytes(), json!({})).await;
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "import", "business": business, "import": import });
    let worker = QueueSandbox::start(&world, "contact-step", &[]).await;
    let many = async || {
        let jobs = (0..4).map(|_| worker.does(&job, 1));
        futures_util::future::join_all(jobs).await
    };
    assert!(many().await.iter().all(|done| *done), "nothing has begun");
    assert_eq!(step(&world, &import, "check").await.0, 202);
    many().await;
    let check = when(&world, &import, "checked").await;
    assert_eq!(counts(&check["check"]), [650, 50, 0, 0, 0], "{check:#}");
    assert_eq!(step(&world, &import, "run").await.0, 202);
    many().await;
    let done = when(&world, &import, "done").await;
    assert_eq!(done["run"]["rows"], 700, "{done:#}");
    assert_eq!(done["run"]["created"], 650, "{done:#}");
    many().await;
    assert_eq!(when(&world, &import, "done").await["run"], done["run"]);
    assert_eq!(step(&world, &import, "undo").await.0, 202);
    many().await;
    let undone = when(&world, &import, "undone").await;
    assert_eq!(
        (&undone["undo"]["created"], &undone["undo"]["left_out"]),
        (&json!(650), &json!(0)),
        "{undone:#}"
    );
    assert!(names(&world).await.is_empty());
}

async fn what_is_asked_wrongly_is_named(world: World) {
    for (body, pointer) in [
        (json!({ "bytes": 0 }), "/bytes"),
        (json!({ "bytes": 68_000_000 }), "/bytes"),
        (json!({ "bytes": 1, "country": "XX" }), "/country"),
        (json!({ "bytes": 1, "encoding": "klingon" }), "/encoding"),
        (json!({ "bytes": 1, "delimiter": "a" }), "/delimiter"),
    ] {
        let (status, problem) = ask(&world, Method::POST, IMPORTS, ("idempotency-key", "k"), &body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    let (_, import) =
        ask(&world, Method::POST, IMPORTS, ("idempotency-key", "k"), &json!({ "bytes": 9 })).await;
    let id = import["id"].as_str().unwrap();
    for asked in ["run", "undo"] {
        let (status, problem) = step(&world, id, asked).await;
        assert_eq!((status, &problem["code"]), (409, &json!("state")), "{problem}");
    }
    let twice = ask(&world, Method::POST, IMPORTS, ("idempotency-key", "k"), &json!({ "bytes": 9 })).await;
    assert_eq!(twice.1["id"], import["id"]);
    let other = ask(&world, Method::POST, IMPORTS, ("idempotency-key", "k"), &json!({ "bytes": 8 })).await;
    assert_eq!(other.0, 422);
    world.time_passes(Duration::from_secs(24 * 60 * 60));
    assert_eq!(step(&world, id, "check").await.1["code"], "too_late");
}

acceptance::tests![
    an_import_is_checked_run_and_taken_back,
    files_of_many_programs_are_read,
    an_export_comes_back_unchanged,
    jobs_that_come_again_take_no_row_twice,
    what_is_asked_wrongly_is_named,
];
