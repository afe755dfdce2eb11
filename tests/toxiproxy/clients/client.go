// The Go client of Toxiproxy against a server: argv is its URL. Ends with 0 and "ok" when all went as it promises.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func expect(good bool, what string) {
	if !good {
		must(errors.New(what))
	}
}

func main() {
	server := toxiproxy.NewClient(os.Args[1])
	proxy, err := server.CreateProxy("go", "127.0.0.1:0", "127.0.0.1:1")
	must(err)
	expect(proxy.Enabled && !strings.HasSuffix(proxy.Listen, ":0"), "no address")
	_, err = server.CreateProxy("go", "127.0.0.1:0", "127.0.0.1:1")
	var refused *toxiproxy.ApiError
	expect(errors.As(err, &refused) && refused.Status == 409, "a second proxy of the same name")
	_, err = proxy.AddToxic("slow", "latency", "upstream", 0.5, toxiproxy.Attributes{"latency": 100})
	must(err)
	toxic, err := proxy.UpdateToxic("slow", 1, toxiproxy.Attributes{"jitter": 5})
	must(err)
	expect(toxic.Attributes["latency"] == 100.0 && toxic.Attributes["jitter"] == 5.0, "attributes are merged")
	toxics, err := proxy.Toxics()
	must(err)
	expect(len(toxics) == 1 && toxics[0].Toxicity == 1, "one toxic")
	must(proxy.RemoveToxic("slow"))
	err = proxy.RemoveToxic("slow")
	expect(errors.As(err, &refused) && refused.Status == 404, "removed twice")
	must(proxy.Disable())
	must(server.ResetState())
	proxy, err = server.Proxy("go")
	must(err)
	expect(proxy.Enabled, "reset enables")
	_, err = server.Populate([]toxiproxy.Proxy{{Name: "one", Listen: "127.0.0.1:0", Upstream: "127.0.0.1:1", Enabled: true}})
	must(err)
	all, err := server.Proxies()
	must(err)
	expect(len(all) == 2, "two proxies")
	for _, one := range all {
		must(one.Delete())
	}
	fmt.Println("ok")
}
