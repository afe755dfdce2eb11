// Named proxies; see proxies.hpp.
#include "control/proxies.hpp"

#include <charconv>
#include <utility>

#include "base/log.hpp"
#include "control/limits.hpp"
#include "control/tcp_address.hpp"

namespace sunder::control {
namespace {

constexpr std::size_t kNodeNameMax = 31;

Error no_such_proxy(const std::string& name) {
  return {ErrorCode::not_found, "there is no proxy \"" + name + "\"", "name", "unknown_proxy"};
}

/// Small letters, digits and hyphens; first a letter.
std::string node_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    const bool big = c >= 'A' && c <= 'Z';
    out += good ? c : big ? static_cast<char>(c - 'A' + 'a') : '-';
    if (out.size() == kNodeNameMax) break;
  }
  if (out.empty() || out[0] < 'a' || out[0] > 'z') out = "p-" + out;
  if (out == "unknown") out = "p-unknown";
  return out.substr(0, kNodeNameMax);
}

Status check(const ProxySpec& spec) {
  for (const auto& [field, text] : {std::pair{"name", &spec.name}, {"upstream", &spec.upstream}}) {
    if (!text->empty()) continue;
    return Error{ErrorCode::invalid, std::string("a proxy needs a ") + field, field,
                 "missing_field"};
  }
  if (spec.name.size() > kProxyTextMax) {
    return Error{ErrorCode::invalid, "name must not be longer than 1024 bytes", "name",
                 "name_too_long"};
  }
  for (const auto& [field, text] :
       {std::pair{"listen", &spec.listen}, {"upstream", &spec.upstream}}) {
    if (text->size() <= kProxyTextMax) continue;
    return Error{ErrorCode::invalid, std::string(field) + " must not be longer than 1024 bytes",
                 field, "name_too_long"};
  }
  return {};
}

/// True if it listens elsewhere or leads elsewhere. ERRORS: invalid: the address can't be read.
Result<bool> differs(const ProxySpec& known, const std::string& listen,
                     const std::string& upstream) {
  const auto resolved = resolve_tcp(listen);
  if (!resolved) return resolved.error();
  return known.listen != *resolved || known.upstream != upstream;
}

}  // namespace

ProxyTable::ProxyTable(Switchboard& board, proxy::Proxy& proxy) : board_(board), proxy_(proxy) {}

Result<std::string> ProxyTable::node_for(const std::string& name) {
  if (board_.topology()->find(kClientNode) == kUnknownNode) {
    Node client;
    client.name = kClientNode;
    client.role = NodeRole::client;
    if (auto added = board_.add_node(std::move(client));
        !added && added.error().code != ErrorCode::exists) {
      return added.error();
    }
  }
  const std::string wanted = node_name(name);
  for (int i = 1;; ++i) {
    const std::string tail = i == 1 ? "" : "-" + std::to_string(i);
    Node node;
    node.name = wanted.substr(0, kNodeNameMax - tail.size()) + tail;
    node.owned = false;
    const std::string taken = node.name;
    auto added = board_.add_node(std::move(node));
    if (added) return taken;
    if (added.error().code != ErrorCode::exists) return added.error();
  }
}

Status ProxyTable::start(Entry& entry) {
  ProxySpec& spec = entry.line.spec;
  auto socket = listen_tcp(spec.listen);
  if (!socket) return socket.error();
  const auto topology = board_.topology();
  proxy::ListenerSpec listener;
  listener.kind = proxy::ListenerSpec::Kind::endpoint;
  listener.fd = std::move(socket->fd);
  listener.source = topology->find(kClientNode);
  listener.destination = topology->find(entry.line.node);
  // An upstream that can't be read is no error here: whoever connects is refused.
  if (const auto parts = split_host_port(spec.upstream); parts) {
    listener.to.host = parts->host;
    std::uint16_t port = 0;
    std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), port);
    listener.to.port = port;
  } else {
    listener.to.host = spec.upstream;
  }
  listener.connections_max = spec.connections_max;
  auto id = proxy_.listen(std::move(listener));
  if (!id) return id.error();
  entry.listener = *id;
  spec.listen = socket->address;
  spec.enabled = true;
  return {};
}

void ProxyTable::stop(Entry& entry) {
  entry.line.spec.enabled = false;
  if (!entry.listener) return;
  proxy_.unlisten(*entry.listener, true);
  entry.listener.reset();
}

Result<ProxyTable::Entry*> ProxyTable::known(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return no_such_proxy(name);
  return &found->second;
}

Result<ProxyLine> ProxyTable::add(const ProxySpec& spec) {
  SUNDER_TRY(check(spec));
  const std::lock_guard lock(mutex_);
  if (entries_.count(spec.name) != 0) {
    return Error{ErrorCode::exists, "there is a proxy \"" + spec.name + "\" already", "name",
                 "proxy_exists"};
  }
  if (entries_.size() >= kProxiesMax) {
    return Error{ErrorCode::invalid,
                 "there are " + std::to_string(kProxiesMax) + " proxies already; remove some first",
                 "name", "too_many_proxies"};
  }
  auto node = node_for(spec.name);
  if (!node) return node.error();
  Entry entry;
  entry.line = {spec, *node, ++last_serial_};
  if (spec.enabled) {
    if (auto started = start(entry); !started) {
      if (auto gone = board_.remove_node(*node); !gone) log_error(gone.error().text());
      return started.error();
    }
  }
  return entries_.emplace(spec.name, std::move(entry)).first->second.line;
}

Result<ProxyLine> ProxyTable::add_or_replace(const ProxySpec& spec) {
  SUNDER_TRY(check(spec));
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(spec.name); found != entries_.end()) {
      Entry& old = found->second;
      const auto other = differs(old.line.spec, spec.listen, spec.upstream);
      if (!other) return other.error();
      if (!*other) return old.line;
      stop(old);
      Entry next;
      next.line = {spec, old.line.node, ++last_serial_};
      if (spec.enabled) SUNDER_TRY(start(next));
      if (auto done = board_.remove_internal(rule_name(old.line, "")); !done) return done.error();
      old = std::move(next);
      return old.line;
    }
  }
  return add(spec);
}

Result<ProxyLine> ProxyTable::update(const std::string& name, const ProxyChange& change) {
  const std::lock_guard lock(mutex_);
  auto found = known(name);
  if (!found) return found.error();
  Entry& entry = **found;
  ProxySpec& spec = entry.line.spec;
  const bool enabled = change.enabled.value_or(spec.enabled);
  const std::string listen = change.listen.value_or(spec.listen);
  const std::string upstream = change.upstream.value_or(spec.upstream);
  const auto other = differs(spec, listen, upstream);
  if (!other) return other.error();
  if (*other) {
    stop(entry);
    spec.listen = listen;
    spec.upstream = upstream;
  }
  if (enabled && !spec.enabled) SUNDER_TRY(start(entry));
  if (!enabled && spec.enabled) stop(entry);
  return entry.line;
}

Status ProxyTable::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto found = known(name);
  if (!found) return found.error();
  stop(**found);
  const std::string node = (*found)->line.node;
  entries_.erase(name);
  return board_.remove_node(node);
}

Result<ProxyLine> ProxyTable::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return no_such_proxy(name);
  return found->second.line;
}

std::vector<ProxyLine> ProxyTable::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProxyLine> out;
  for (const auto& entry : entries_) out.push_back(entry.second.line);
  return out;
}

std::string ProxyTable::rule_name(const ProxyLine& proxy, const std::string& toxic) {
  return "toxi:" + proxy.node + "/" + toxic;
}

}  // namespace sunder::control
