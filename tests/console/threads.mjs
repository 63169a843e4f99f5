// Threads of texts that lie here in place of a carrier's, with a person who writes what no page may run.
export const CANARY = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;
export const [OPEN, CLOSED, STOPPED] = ["a", "b", "c"].map((digit) => digit.repeat(32));
const HOUR = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();

/** Three threads, of which the page knows by the API's answers. `me` is the id of the key that takes a thread. */
export async function withThreads(page, me) {
  const now = Date.now();
  const text = (number, more) => ({ number, way: "in", kind: "text", text: `Text ${number}`, template: null, media: 0, at: iso(now - 26 * HOUR + number * 60_000), said_at: null, author: null, author_name: null, status: null, failure: null, ...more });
  const out = (number, status, more) => text(number, { way: "out", author: "agent", status, ...more });
  const texts = {
    [OPEN]: [
      text(1, { text: `When do you open? ${CANARY}` }),
      out(2, "read", { text: "At nine." }),
      out(3, "delivered", { author: "person", author_name: `Ada ${CANARY}` }),
      out(4, "sent"),
      out(5, "queued"),
      out(6, "failed", { failure: { code: "undeliverable", carrier_code: 131026, detail: "The person cannot be reached over this carrier." } }),
      text(7, { kind: "reaction", text: "👍" }),
      text(8, { kind: "system", text: "The person changed their number." }),
      text(9, { kind: "deletion", text: "" }),
      text(10, { kind: "media", text: "My bicycle", media: 2, attachments: [{ content_type: "image/jpeg", bytes: 2_048, url: "https://media.example/x", said: null, not_kept: null }, { content_type: "audio/ogg", bytes: null, url: null, said: null, not_kept: "too_large" }] }),
      out(11, "done", { kind: "tool", text: "find_slots" }),
      text(12, { text: "מתי אתם פתוחים?", at: iso(now) }),
    ],
    [CLOSED]: [text(1)],
    [STOPPED]: [text(1, { text: "STOP" })],
  };
  const agent = { kind: "agent", key: null, name: null, since: null, until: null };
  const thread = (id, more) => ({ id, medium: "whatsapp", number: "+12025550143", person: "+12025550187", phone: "+12025550187", name: null, owner: agent, texts: 1, last_at: iso(now), waiting: false, window_open: true, window_until: iso(now + 2 * HOUR), stopped_at: null, opened_at: iso(now - 30 * HOUR), ...more });
  const threads = [
    thread(OPEN, { name: `Dana ${CANARY}`, waiting: true }),
    thread(CLOSED, { name: "Closed", person: "US.13491208655302741918", phone: null, window_open: false, window_until: null }),
    thread(STOPPED, { name: "Stopped", medium: "sms", window_until: null, stopped_at: iso(now) }),
  ];
  const sent = [];
  const state = { sent, refuse: /** @type {any} */ (null), texts };
  const json = (body, status = 200) => ({ status, contentType: "application/json", body: JSON.stringify(body) });
  const shown = (one) => ({ ...one, last: texts[one.id].at(-1) });
  await page.route("**/v1/businesses/*/threads**", async (route) => {
    const request = route.request();
    const [, id, rest] = /\/threads(?:\/([0-9a-f]+))?(\/texts)?$/.exec(new URL(request.url()).pathname);
    const one = threads.find((thread) => thread.id === id);
    if (request.method() === "PATCH") {
      const { owner } = request.postDataJSON();
      one.owner = owner === "agent" ? agent : { kind: "person", key: me, name: "demonstration", since: iso(now), until: iso(now + 12 * HOUR) };
      return route.fulfill(json(shown(one)));
    }
    if (request.method() === "POST") {
      const body = request.postDataJSON();
      const once = request.headers()["idempotency-key"];
      if (state.refuse) return state.refuse(route);
      if (!sent.some((other) => other.once === once)) {
        sent.push({ once, ...body });
        texts[id].push(out(texts[id].length + 1, "queued", { author: "person", author_name: "demonstration", ...(body.text ? { text: body.text } : { kind: "template", template: body.template.name, text: Object.values(body.template.variables).join(", ") }), at: iso(Date.now()) }));
        one.owner = { kind: "person", key: me, name: "demonstration", since: iso(now), until: iso(now + 12 * HOUR) };
      }
      return route.fulfill(json(texts[id].at(-1), 202));
    }
    if (rest) return route.fulfill(json({ texts: [...texts[id]].reverse(), next: null }));
    return route.fulfill(json(one ? shown(one) : { threads: threads.map(shown), next: null }));
  });
  return state;
}
