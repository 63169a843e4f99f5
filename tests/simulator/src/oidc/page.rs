//! The page on which a person says who they are. There are no passwords: the person who is named is signed in.

/// The page for the request whose query this is, as it came.
pub(super) fn page(query: &str) -> String {
    let query = escaped(query);
    format!(
        r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Simulated issuer</title></head>
<body>
<main>
<h1>Simulated issuer</h1>
<p>Nothing is checked here: you are the person that you name.</p>
<form method="post" action="/authorize?{query}">
<p><label>E-mail address <input name="person" type="email" value="ada@example.com" required></label></p>
<p><button name="answer" value="yes">Sign in</button> <button name="answer" value="no" formnovalidate>Cancel</button></p>
</form>
</main>
</body>
</html>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
