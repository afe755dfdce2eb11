// sunder serve: the proxy and its API alone, in explicit mode; Toxiproxy's API on the same port.
//
// Runs until SIGINT, SIGTERM or SIGHUP, then ends everything and gives 0. 2: bad options or configuration (file:line),
// 4: a port in use, or an address that others can reach.
// Thread: main. Tested by tests/cluster/serve_test.py.
#include <poll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/log.hpp"
#include "base/units.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/serve_session.hpp"
#include "control/json_text.hpp"

namespace sunder::cli {
namespace {

constexpr int kLookMillis = 100;  // how often a signal is looked for
constexpr unsigned kThreadsMax = 64;

struct ServeArgs {
  std::string config;
  std::string toxiproxy_config;
  std::string listen;
  unsigned threads = 0;
  std::string spin;
  std::size_t connections_max = 0;
  std::string token_file;
  bool toxiproxy_open = false;
  bool json = false;
};

int fail_serve(const Error& error) {
  std::fprintf(stderr, "sunder: %s\n", error.text().c_str());
  return exit_code(error.code);
}

std::optional<int> parse(const std::vector<std::string>& words, ServeArgs& args) {
  CLI::App app{"Runs the proxy and its API until it is told to stop.", "sunder serve"};
  app.add_option("--config", args.config, "nodes, links, proxies and faults to begin with (TOML)")
      ->type_name("FILE");
  app.add_option("--toxiproxy-config", args.toxiproxy_config,
                 "proxies to begin with, as Toxiproxy's -config has them (JSON)")
      ->type_name("FILE");
  app.add_option("--listen", args.listen, "address of the API [127.0.0.1:8474]")
      ->type_name("HOST:PORT");
  app.add_option("--threads", args.threads, "loops that carry bytes [one a core]")
      ->check(CLI::Range(1U, kThreadsMax));
  app.add_option("--spin", args.spin,
                 "how long a quiet loop asks before it sleeps; 0 is off [60us]")
      ->type_name("DURATION");
  app.add_option("--connections-max", args.connections_max,
                 "connections open at once at a listener that the file gives no other number; "
                 "more wait [50000]")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kConnectionsMax));
  app.add_flag("--toxiproxy-open", args.toxiproxy_open,
               "the Toxiproxy API needs no token, also where others can reach it");
  app.add_option("--token-file", args.token_file,
                 "file with the token that callers must send; else $SUNDER_TOKEN")
      ->type_name("FILE");
  app.add_flag("--json", args.json, "prints the addresses as one line of JSON");
  app.footer(
      "\nexample: sunder serve --toxiproxy-config toxiproxy.json\n"
      "         sunder ctl status");
  return parse_command(app, words);
}

/// Options win over the file, and the file over what stands by default.
Result<ServeOptions> options_of(const ServeArgs& args) {
  ServeOptions out;
  if (!args.config.empty()) {
    auto plan = load_serve_config(args.config);
    if (!plan) return plan.error();
    out.plan = std::move(*plan);
  }
  out.config = args.config;
  out.toxiproxy_config = args.toxiproxy_config;
  out.toxiproxy_open = args.toxiproxy_open;
  out.token_file = args.token_file;
  out.listen = !args.listen.empty() ? args.listen : out.plan.api_listen.value_or(out.listen);
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax);
  out.threads = args.threads != 0 ? args.threads : out.plan.threads.value_or(cores);
  out.connections_max = args.connections_max != 0 ? args.connections_max : out.plan.connections_max;
  out.spin = out.plan.spin.value_or(out.spin);
  if (args.spin == "0") {
    out.spin = 0;
  } else if (!args.spin.empty()) {
    auto spin = parse_duration(args.spin);
    if (!spin) return Error{ErrorCode::invalid, spin.error().message, "--spin"};
    out.spin = *spin;
  }
  return out;
}

/// Two descriptors a connection: as many as this process may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void print_addresses(const ServeSession& session) {
  std::printf("API on %s (for ctl, HTTP and Toxiproxy clients)\n", session.api_url().c_str());
  for (const auto& proxy : session.proxies()) {
    std::printf("proxy %s: %s → %s%s\n", proxy.spec.name.c_str(), proxy.spec.listen.c_str(),
                proxy.spec.upstream.c_str(), proxy.spec.enabled ? "" : " (disabled)");
  }
  for (const ServeLink& link : session.links()) {
    std::printf("link %s → %s: %s → %s\n", link.from.c_str(), link.to.c_str(), link.listen.c_str(),
                link.upstream.c_str());
  }
  std::fflush(stdout);
}

void print_json(const ServeSession& session) {
  std::vector<std::string> proxies;
  for (const auto& proxy : session.proxies()) {
    control::JsonText line;
    line.text("name", proxy.spec.name).text("node", proxy.node);
    line.text("listen", proxy.spec.listen).text("upstream", proxy.spec.upstream);
    line.boolean("enabled", proxy.spec.enabled);
    proxies.push_back(line.object());
  }
  std::vector<std::string> links;
  for (const ServeLink& link : session.links()) {
    control::JsonText line;
    line.text("from", link.from).text("to", link.to);
    line.text("listen", link.listen).text("upstream", link.upstream);
    links.push_back(line.object());
  }
  control::JsonText line;
  line.text("api", session.api_url())
      .raw("proxies", control::json_array(proxies))
      .raw("links", control::json_array(links));
  std::printf("%s\n", line.object().c_str());
  std::fflush(stdout);
}

int serve_main(const std::vector<std::string>& words) {
  ServeArgs args;
  if (const auto stop = parse(words, args)) return *stop;
  auto options = options_of(args);
  if (!options) return fail_serve(options.error());
  install_interrupt();
  raise_descriptor_limit();
  log_init();
  auto session = ServeSession::start(*options);
  if (!session) return fail_serve(session.error());
  if (options->toxiproxy_open) {
    log_warn("--toxiproxy-open: whoever can reach " + (*session)->api_url() +
             " can steer this proxy through the Toxiproxy API");
  }
  if (args.json) {
    print_json(**session);
  } else {
    print_addresses(**session);
  }
  while (!interrupted()) ::poll(nullptr, 0, kLookMillis);
  return 0;
}

}  // namespace

extern const Command serve_command;
const Command serve_command{
    "serve", "the proxy and its API alone; Toxiproxy clients work unchanged", serve_main};

}  // namespace sunder::cli
