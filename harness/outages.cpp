// See outages.hpp.
#include "harness/outages.hpp"

#include <algorithm>

namespace sunder::harness {
namespace {

using check::kNever;
using check::Outage;

bool answered(const check::Op& op) {
  return op.outcome == EventType::ok ||
         (op.outcome == EventType::fail && op.error == OpErrorClass::mismatch);
}

// When `node`, which was started or went on at `mended`, served again.
Nanos serves_again(const RunResults& results, const check::History& history,
                   const std::string& node, Nanos mended) {
  Nanos at = kNever;
  for (const RecoveryRecord& record : results.recovery) {
    if (record.recovered && record.recovered_at >= mended) at = std::min(at, record.recovered_at);
  }
  for (const check::Op& op : history.ops) {
    if (op.invoked < mended || op.node >= history.nodes.size()) continue;
    if (answered(op) && history.nodes[op.node] == node) at = std::min(at, op.invoked);
  }
  return at;
}

std::string named(const FaultRecord& fault) {
  return " (" + fault.name + ")";
}

void add_client(const RunResults& results, const FaultRecord& fault, unsigned client,
                unsigned clients, std::vector<Outage>* out) {
  const std::string name = "c" + std::to_string(client + 1);
  const std::string& own = results.nodes[client % results.nodes.size()];
  const bool hit = std::any_of(fault.pairs.begin(), fault.pairs.end(), [&](const Pair& pair) {
    return pair == Pair{name, own} || pair == Pair{own, name};
  });
  if (!hit) return;
  Outage outage;
  outage.node = own;
  outage.from = fault.asked_at;
  outage.to = fault.healed_at == 0 ? kNever : fault.healed_at;
  outage.why = fault.kind + " between " + name + " and its node " + own + named(fault);
  outage.clients = clients;
  outage.client = client;
  out->push_back(std::move(outage));
}

}  // namespace

std::vector<Outage> outages_of(const RunResults& results, const check::History& history,
                               unsigned clients) {
  std::vector<Outage> out;
  for (const FaultRecord& fault : results.faults) {
    const bool stops = fault.kind == "kill" || fault.kind == "pause";  // a wrong clock stops nobody
    for (const std::string& node : stops ? fault.nodes : std::vector<std::string>()) {
      Outage outage;
      outage.node = node;
      outage.from = fault.asked_at;
      outage.to =
          fault.healed_at == 0 ? kNever : serves_again(results, history, node, fault.healed_at);
      outage.why = node + " was " + (fault.kind == "pause" ? "paused" : "killed") + named(fault);
      out.push_back(std::move(outage));
    }
    if (results.nodes.empty()) continue;
    for (unsigned client = 0; client < clients; ++client) {
      add_client(results, fault, client, clients, &out);
    }
  }
  return out;
}

}  // namespace sunder::harness
