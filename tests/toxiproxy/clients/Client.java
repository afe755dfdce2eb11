// toxiproxy-java against a server: the arguments are host and port. Ends with 0 and "ok" when all went as its library
// promises.
import eu.rekawek.toxiproxy.Proxy;
import eu.rekawek.toxiproxy.ToxiproxyClient;
import eu.rekawek.toxiproxy.model.ToxicDirection;
import eu.rekawek.toxiproxy.model.toxic.Bandwidth;
import eu.rekawek.toxiproxy.model.toxic.Latency;
import eu.rekawek.toxiproxy.model.toxic.Slicer;
import java.io.IOException;

public class Client {
  interface Call {
    void run() throws IOException;
  }

  static void expect(boolean good, String what) {
    if (!good) throw new IllegalStateException(what);
  }

  static void refused(Call call, String what) {
    try {
      call.run();
    } catch (IOException expected) {
      return;
    }
    throw new IllegalStateException(what);
  }

  public static void main(String[] args) throws IOException {
    ToxiproxyClient server = new ToxiproxyClient(args[0], Integer.parseInt(args[1]));
    expect(server.version().contains("version"), "a version");
    Proxy proxy = server.createProxy("java", "127.0.0.1:0", "127.0.0.1:1");
    expect(proxy.isEnabled() && !proxy.getListen().endsWith(":0"), "an address");
    refused(() -> server.createProxy("java", "127.0.0.1:0", "127.0.0.1:1"), "two proxies of one name");

    Latency latency = proxy.toxics().latency("late", ToxicDirection.DOWNSTREAM, 100).setJitter(5);
    latency.setLatency(7);
    latency.setToxicity(0.5f);
    Latency seen = proxy.toxics().get("late", Latency.class);
    expect(seen.getLatency() == 7 && seen.getJitter() == 5 && seen.getToxicity() == 0.5f, "late");
    expect(seen.getStream() == ToxicDirection.DOWNSTREAM, "its direction");
    Bandwidth slow = proxy.toxics().bandwidth("slow", ToxicDirection.UPSTREAM, 10).setRate(20);
    expect(slow.getRate() == 20, "a rate");
    Slicer slicer = proxy.toxics().slicer("cut", ToxicDirection.UPSTREAM, 64, 10).setSizeVariation(3);
    expect(slicer.getAverageSize() == 64 && slicer.getDelay() == 10, "a slicer");
    proxy.toxics().slowClose("end", ToxicDirection.UPSTREAM, 10);
    proxy.toxics().timeout("stop", ToxicDirection.UPSTREAM, 10);
    proxy.toxics().limitData("some", ToxicDirection.UPSTREAM, 10);
    proxy.toxics().resetPeer("rst", ToxicDirection.UPSTREAM, 10);
    expect(proxy.toxics().getAll().size() == 7, "seven toxics");
    slow.remove();
    refused(slow::remove, "a toxic was removed twice");

    proxy.disable();
    expect(!server.getProxy("java").isEnabled(), "disabled");
    proxy.enable();
    proxy.setUpstream("127.0.0.1:2");
    expect(server.getProxy("java").getUpstream().equals("127.0.0.1:2"), "an upstream");
    server.reset();
    expect(server.getProxy("java").toxics().getAll().isEmpty(), "reset takes the toxics away");
    expect(server.getProxies().size() == 1, "one proxy");
    proxy.delete();
    expect(server.getProxyOrNull("java") == null, "deleted");
    System.out.println("ok");
  }
}
