// toxiproxy-node-client against a server: argv is its URL. Ends with 0 and "ok" when all went as its library promises.
"use strict";
const assert = require("assert");
const {Toxiproxy} = require("toxiproxy-node-client");

async function main() {
  const server = new Toxiproxy(process.argv[2]);
  const body = {name: "node", listen: "127.0.0.1:0", upstream: "127.0.0.1:1"};
  const proxy = await server.createProxy(body);
  assert.ok(proxy.enabled && !proxy.listen.endsWith(":0"));
  await assert.rejects(server.createProxy(body), /409/);
  const toxic = await proxy.addToxic({type: "latency", attributes: {latency: 100, jitter: 5}});
  assert.strictEqual(toxic.name, "latency_downstream");
  await toxic.update({attributes: {latency: 7}});
  const shown = await proxy.getToxic("latency_downstream");
  assert.deepStrictEqual(shown.attributes, {latency: 7, jitter: 5});
  await toxic.remove();
  await assert.rejects(toxic.remove(), /404/);
  await proxy.update({enabled: false, listen: proxy.listen, upstream: proxy.upstream});
  assert.strictEqual((await server.get("node")).enabled, false);
  await server.reset();
  assert.strictEqual((await server.get("node")).enabled, true);
  await server.populate([{name: "one", listen: "127.0.0.1:0", upstream: "127.0.0.1:1"}]);
  assert.deepStrictEqual(Object.keys(await server.getAll()).sort(), ["node", "one"]);
  await (await server.get("one")).remove();
  await proxy.remove();
  await assert.rejects(server.get("node"), /404/);
  console.log("ok");
}

main().catch((error) => { console.error(error); process.exit(1); });
