// sunder node: one node of a small replicated store with a known guarantee, and with a bug where one is asked for.
//
// words → TcpNodeOptions → nodes::TcpNode until SIGTERM or Ctrl-C. Exit codes: 0; 2 usage; 4 an address is taken.
// Thread: main. Tested by tests/nodes/tcp_test.cpp (TcpNode).
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "base/units.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "nodes/tcp/tcp_node.hpp"

namespace sunder::cli {
namespace {

std::string modes_text() {
  std::string text =
      "Modes, and the bugs that can be planted in them (with the check that catches each):\n";
  for (const nodes::Mode* mode : nodes::all_modes()) {
    text += "  " + std::string(mode->name) + ": " + mode->summary + "\n";
    for (const nodes::Bug& bug : mode->bugs) {
      text += "      " + std::string(bug.name) + ": " + bug.summary + " (" + bug.check + ")\n";
    }
  }
  return text;
}

int refuse(const Error& error) {
  std::fprintf(stderr, "sunder node: %s\n", error.text().c_str());
  return exit_code(error.code);
}

Result<IpPort> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto ip = parse_ipv4(std::string_view(text).substr(0, std::min(colon, text.size())));
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const bool number =
      colon != std::string::npos && std::from_chars(text.data() + colon + 1, end, port).ptr == end;
  if (!ip || !number) {
    return Error{ErrorCode::invalid, "\"" + text + "\" is no address; one is 127.0.0.1:7000"};
  }
  return IpPort{*ip, port};
}

// "n1=127.0.0.1:7001,n2=…"
Result<std::vector<nodes::TcpPeer>> parse_peers(const std::string& text) {
  std::vector<nodes::TcpPeer> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string item = text.substr(begin, end - begin);
    begin = end + 1;
    const auto equals = item.find('=');
    if (equals == std::string::npos) {
      return Error{ErrorCode::invalid, "a peer is NAME=ADDRESS:PORT, as n1=127.0.0.1:7001",
                   "--peers"};
    }
    const auto address = parse_address(item.substr(equals + 1));
    if (!address) return address.error();
    out.push_back({item.substr(0, equals), *address});
  }
  if (out.size() > 31) return Error{ErrorCode::invalid, "at most 31 nodes", "--peers"};
  return out;
}

// "20ms" or "-20ms".
Result<Nanos> parse_offset(const std::string& text) {
  const bool behind = !text.empty() && text.front() == '-';
  const auto offset = parse_duration(behind ? text.substr(1) : text);
  if (!offset) return offset.error();
  return behind ? -*offset : *offset;
}

struct Words {
  std::string mode;
  std::string bug;
  std::string id = "n1";
  std::string peers;
  std::string listen = "127.0.0.1:7000";
  std::string peer_listen;
  std::string offset = "0";
  std::string uncertainty = "10ms";
};

Result<nodes::TcpNodeOptions> options_from(const Words& words) {
  nodes::TcpNodeOptions out;
  const auto mode = nodes::find_mode(words.mode);
  if (!mode) return Error{ErrorCode::invalid, mode.error().message, "--mode"};
  out.mode = *mode;
  if (!words.bug.empty() && out.mode->find_bug(words.bug) == nullptr) {
    return Error{ErrorCode::invalid,
                 "mode " + words.mode + " has no bug \"" + words.bug + "\"; see --help", "--bug"};
  }
  out.replica.bug = words.bug;
  out.name = words.id;
  const auto listen = parse_address(words.listen);
  if (!listen) return Error{ErrorCode::invalid, listen.error().message, "--listen"};
  out.listen = *listen;
  if (!words.peer_listen.empty()) {
    const auto address = parse_address(words.peer_listen);
    if (!address) return Error{ErrorCode::invalid, address.error().message, "--peer-listen"};
    out.peer_listen = *address;
  }
  if (words.peers.empty()) {
    // Alone: nobody connects, any port will do.
    out.peers = {{words.id, {out.listen.ip, 0}}};
  } else {
    auto peers = parse_peers(words.peers);
    if (!peers) return peers.error();
    out.peers = std::move(*peers);
  }
  const auto offset = parse_offset(words.offset);
  if (!offset) return Error{ErrorCode::invalid, offset.error().message, "--clock-offset"};
  out.clock_offset = *offset;
  const auto uncertainty = parse_duration(words.uncertainty);
  if (!uncertainty) return Error{ErrorCode::invalid, uncertainty.error().message, "--uncertainty"};
  out.replica.uncertainty = *uncertainty;
  return out;
}

int node_main(const std::vector<std::string>& args) {
  CLI::App app(
      "Runs one node of a small replicated store whose guarantee is known. Clients speak one JSON "
      "object a line: {\"f\":\"write\",\"key\":\"k1\",\"value\":7}, "
      "{\"f\":\"read\",\"key\":\"k1\"}.",
      "sunder node");
  app.footer(modes_text());
  Words words;
  app.add_option("--mode", words.mode, "what the store promises; see below");
  app.add_option("--bug", words.bug, "plant this bug of the mode");
  app.add_option("--id", words.id, "this node's name among the peers")->capture_default_str();
  app.add_option("--peers", words.peers,
                 "all nodes in the same order everywhere: n1=ADDRESS:PORT,n2=…; none: alone");
  app.add_option("--listen", words.listen, "where clients connect")->capture_default_str();
  app.add_option("--peer-listen", words.peer_listen,
                 "where other nodes connect, if not at this node's address in --peers");
  app.add_option("--clock-offset", words.offset, "shift this node's wall clock: 20ms, -20ms");
  app.add_option("--uncertainty", words.uncertainty,
                 "commit-wait: no wall clock is farther from the true time")
      ->capture_default_str();
  if (const auto code = parse_command(app, args)) return *code;
  if (words.mode.empty()) return refuse({ErrorCode::invalid, "--mode is needed; see --help"});
  const auto options = options_from(words);
  if (!options) return refuse(options.error());
  install_interrupt();
  auto node = nodes::TcpNode::make(*options);
  if (!node) return refuse(node.error());
  std::fprintf(stderr, "sunder node: %s, mode %s%s%s, clients at %s\n", words.id.c_str(),
               words.mode.c_str(), words.bug.empty() ? "" : ", bug ", words.bug.c_str(),
               to_string(options->listen).c_str());
  const Status status = (*node)->run(interrupted());
  return status ? 0 : refuse(status.error());
}

}  // namespace

extern const Command node_command;
const Command node_command{"node", "run a reference node with a known guarantee, or a known bug",
                           node_main};

}  // namespace sunder::cli
