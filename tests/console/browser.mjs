// A browser, and pages in it that note everything that a console must not do.
import { chromium } from "playwright-core";

export const url = needed("SWITCHBOARD_URL");
export const key = needed("SWITCHBOARD_KEY");
export const operatorKey = needed("OPERATOR_KEY");

/** @param {string} name */
function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this beside \`switchboard up\` with what \`switchboard env\` prints`);
  return value.replace(/\/$/, "");
}

export async function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });
}

/** A page, and what went wrong on it. */
export async function open(browser, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    // What the API refuses is shown on the page, and the browser notes it besides.
    const refused = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refused) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    const bucket = request.resourceType() === "media" || request.url().includes("X-Amz-Signature");
    if (origin !== url && !bucket && !request.url().startsWith("data:") && !request.url().startsWith("blob:")) wrong.push(`request to ${origin}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return { context, page, wrong };
}

/** Signs in as a person does. */
export async function signIn(page, withKey) {
  await page.goto(`${url}/console`);
  await page.getByLabel("API key").fill(withKey);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator("#side").waitFor({ state: "attached" });
  // The page goes to its first screen by itself, and would take a test that is quicker along.
  await page.waitForURL(/#\/[bd]\//);
}

/** A request as a program sends it. */
export async function ask(method, path, { body, headers = {}, as = key } = {}) {
  const answer = await fetch(`${url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(body && { "content-type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return { data: text ? JSON.parse(text) : null, etag: answer.headers.get("etag") };
}
