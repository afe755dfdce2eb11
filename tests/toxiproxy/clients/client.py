"""toxiproxy-python against a server: argv is host and port. Ends with 0 and "ok" when all went as its library promises."""
import sys

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import NotFound, ProxyExists

server = Toxiproxy()
server.update_api_consumer(sys.argv[1], int(sys.argv[2]))
assert server.running() and b"version" in server.version()
proxy = server.create(upstream="127.0.0.1:1", name="python")
assert proxy.enabled and not proxy.listen.endswith(":0")
try:
    server.create(upstream="127.0.0.1:1", name="python")
    sys.exit("a second proxy of the same name was taken")
except ProxyExists:
    pass
proxy.add_toxic(type="latency", attributes={"latency": 100, "jitter": 5})
proxy.add_toxic(type="bandwidth", name="slow", stream="upstream", toxicity=0.5, attributes={"rate": 10})
assert sorted(proxy.toxics()) == ["latency_downstream", "slow"]
assert proxy.get_toxic("slow").toxicity == 0.5
proxy.destroy_toxic("slow")
try:
    proxy.destroy_toxic("slow")
    sys.exit("a toxic was removed twice")
except NotFound:
    pass
proxy.disable()
assert not server.get_proxy("python").enabled
server.reset()
assert server.get_proxy("python").enabled and not server.get_proxy("python").toxics()
server.populate([{"name": "one", "upstream": "127.0.0.1:1", "listen": "127.0.0.1:0"}])
assert sorted(server.proxies()) == ["one", "python"]
server.destroy_all()
assert server.proxies() == {}
print("ok")
