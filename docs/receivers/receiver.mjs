// A receiver of events in JavaScript, for Node.js 20 or later, without packages: SECRET=whsec_... PORT=8080 node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_S = 5 * 60;
const key = Buffer.from(process.env.SECRET.replace(/^whsec_/, ""), "base64");
// In a real receiver this is a table with a unique key, so that a restart forgets nothing.
const seen = new Set();

/** Whether these bytes came from the sender that has the secret, a moment ago. */
function isGenuine(headers, body) {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`] ?? "");
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!id || !/^\d+$/.test(timestamp) || age > TOLERANCE_S) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  // Several while a secret is replaced: one that fits is enough.
  return signatures.split(" ").some((one) => {
    const given = one.startsWith("v1,") ? Buffer.from(one.slice(3), "base64") : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts); // The bytes as they came: what is parsed and written anew has another signature.
  if (!isGenuine(request.headers, body)) return response.writeHead(400).end();
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    seen.add(id);
    const event = JSON.parse(body);
    console.log(event.sequence, event.type); // Put it into a queue here, and do the work afterwards.
  }
  response.writeHead(204).end();
}).listen(Number(process.env.PORT), "127.0.0.1");
