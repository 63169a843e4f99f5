// Campaigns that tests make, and what the API says of them.
import { ask } from "./browser.mjs";

export const NEVER = "2999-01-01T00:00:00Z";
export const once = () => ({ "idempotency-key": crypto.randomUUID() });
export const number = () => `+1202556${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
export const sheet = (rows) => rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\r\n");
export const one = async (id) => (await ask("GET", `/campaigns/${id}`)).data;

export async function until(look, is) {
  for (;;) {
    const found = await look();
    if (is(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A campaign that a program made, in the state that is wanted: it calls nobody before its time. */
export async function made(more = {}, people = [["phone"], [number()]], state = "ready") {
  const [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
  const text = sheet(people);
  const body = { name: "Made", purpose: "service", from: [from], bytes: Buffer.byteLength(text), starts_at: NEVER, ...more };
  const { data } = await ask("POST", "/campaigns", { body, headers: once() });
  if (state === "draft") return { id: data.id, text };
  const { url: to, method, headers } = data.upload;
  const put = await fetch(to, { method, headers, body: text });
  if (!put.ok) throw new Error(`${put.status}: the file is not put`);
  await ask("POST", `/campaigns/${data.id}/check`);
  await until(() => one(data.id), (found) => found.state === "ready");
  if (state === "ready") return { id: data.id, text };
  await ask("POST", `/campaigns/${data.id}/start`);
  await until(() => one(data.id), (found) => found.state === "running");
  return { id: data.id, text };
}

/** Ends what a run of tests has made: a business has room for a few campaigns at once. */
export async function ended(run) {
  const own = (await ask("GET", "/campaigns")).data.campaigns.filter(({ name }) => name.includes(run));
  for (const { id } of own) await ask("POST", `/campaigns/${id}/stop`, { body: { hangup: true } }).catch(() => {});
}

/** Closes a page whose answers were changed on their way: some may be on it. */
export async function closed({ context, page }) {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
}
