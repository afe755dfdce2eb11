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
  await proxy.addToxic({type: "latency", attributes: {latency: 100, jitter: 5}});
  await proxy.refreshToxics();
  assert.strictEqual(proxy.toxics.length, 1);
  proxy.toxics[0].attributes.latency = 7;
  await proxy.toxics[0].update();
  assert.strictEqual((await proxy.getToxic("latency_downstream")).attributes.latency, 7);
  await proxy.toxics[0].remove();
  await assert.rejects(proxy.getToxic("latency_downstream"), /404/);
  proxy.enabled = false;
  await proxy.update();
  assert.strictEqual((await server.get("node")).enabled, false);
  await server.reset();
  assert.strictEqual((await server.get("node")).enabled, true);
  await server.populate([{name: "one", listen: "127.0.0.1:0", upstream: "127.0.0.1:1"}]);
  assert.deepStrictEqual(Object.keys((await server.getAll()).proxies || (await server.getAll())).sort(), ["node", "one"]);
  await (await server.get("one")).remove();
  await proxy.remove();
  await assert.rejects(server.get("node"), /404/);
  console.log("ok");
}

main().catch((error) => { console.error(error); process.exit(1); });
