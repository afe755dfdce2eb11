// See sim.hpp.
#include "nodes/sim/sim.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "nodes/sim/weather.hpp"

namespace sunder::nodes {
namespace {

constexpr Nanos kTimeout = 400 * kMillisecond;  // of a client's operation
constexpr Nanos kThink = 20 * kMillisecond;     // at most, between two operations of a client
constexpr Nanos kHurriedThink = 5 * kMillisecond;
constexpr Nanos kToNode = 500 * kMicrosecond;  // at most, between a client and its node
constexpr Nanos kResend = 30 * kMillisecond;
constexpr Nanos kRoughResend = 60 * kMillisecond;
constexpr Nanos kQuiet = 2 * kSecond;  // from the heal to the final reads
constexpr Nanos kUncertainty = 25 * kMillisecond;

// What happens when, in order; things of the same moment in the order they were planned.
class Agenda {
 public:
  void at(Nanos time, std::function<void()> what) {
    heap_.push_back({time, ++count_, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  /// Runs what comes next, if it is not after `end`. RETURNS false where there is nothing.
  bool step(Nanos end) {
    if (heap_.empty() || heap_.front().time > end) return false;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Item item = std::move(heap_.back());
    heap_.pop_back();
    now_ = item.time;
    item.what();
    return true;
  }
  [[nodiscard]] Nanos now() const { return now_; }

 private:
  struct Item {
    Nanos time;
    std::uint64_t order;
    std::function<void()> what;
  };
  static bool later(const Item& a, const Item& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }
  std::vector<Item> heap_;
  std::uint64_t count_ = 0;
  Nanos now_ = 0;
};

class Sim;

class SimNode final : public Host {
 public:
  SimNode(Sim& sim, NodeIndex self) : sim_(sim), self_(self) {}
  void send(NodeIndex to, Message message) override;
  void reply(Reply reply) override;
  void wake(Nanos after, std::uint64_t token) override;
  [[nodiscard]] Nanos now() const override;
  [[nodiscard]] Nanos wall() const override;
  [[nodiscard]] Rng& dice() override;

  std::unique_ptr<Replica> replica;

 private:
  Sim& sim_;
  NodeIndex self_;
};

struct SimClient {
  NodeIndex node = 0;
  std::uint32_t process = 0;
  std::vector<Value> seen;  // by key: what it last read or wrote
};

class Sim {
 public:
  explicit Sim(const SimOptions& options)
      : options_(options),
        rng_(derive_seed(options.seed, {"sim", options.mode->name})),
        weather_(*options.mode, weather_spec(options), rng_) {
    for (NodeIndex n = 0; n < options.nodes; ++n) {
      nodes_.push_back(std::make_unique<SimNode>(*this, n));
      ReplicaConfig config;
      config.self = n;
      config.nodes = options.nodes;
      config.bug = options.bug;
      config.resend = options.rough ? kRoughResend : kResend;
      config.give_up = 300 * kMillisecond;
      config.gossip = 20 * kMillisecond;
      config.uncertainty = kUncertainty;
      nodes_.back()->replica = options.mode->make(config, *nodes_.back());
    }
  }

  SimRun run() {
    clients_.resize(options_.clients);
    for (unsigned c = 0; c < options_.clients; ++c) {
      clients_[c].node = c % options_.nodes;
      clients_[c].process = next_process_++;
      clients_[c].seen.resize(options_.keys);
      agenda_.at(think(), [this, c] { ask(c); });
    }
    while (open_clients_ > 0 || asked_ < options_.operations) {
      if (!agenda_.step(kForever)) break;
    }
    heal();
    until(agenda_.now() + kQuiet);
    final_reads();
    until(agenda_.now() + kQuiet);
    return std::move(run_);
  }

  // What nodes do.
  void send(NodeIndex from, NodeIndex to, Message message) {
    ++run_.messages;
    const int copies = weather_.twice(rng_) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      const auto time = weather_.travel(from, to, agenda_.now(), rng_);
      if (!time) {
        ++run_.lost;
        continue;
      }
      agenda_.at(agenda_.now() + *time, [this, from, to, message] { deliver(from, to, message); });
    }
  }
  void wake(NodeIndex node, Nanos after, std::uint64_t token) {
    agenda_.at(agenda_.now() + std::max<Nanos>(after, 1),
               [this, node, token] { fire(node, token); });
  }
  void reply(Reply reply) {
    agenda_.at(agenda_.now() + to_node(), [this, reply = std::move(reply)] { hear(reply); });
  }
  [[nodiscard]] Nanos now() const { return agenda_.now(); }
  [[nodiscard]] Nanos offset(NodeIndex node) const { return weather_.offset(node); }
  [[nodiscard]] Rng& dice() { return rng_; }

 private:
  static constexpr Nanos kForever = INT64_MAX;

  struct Open {
    std::size_t op;
    std::uint32_t client;  // kNobody: a final read
  };
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  static Nanos longest_think(const SimOptions& options) {
    return options.rough ? kHurriedThink : kThink;
  }
  static WeatherSpec weather_spec(const SimOptions& options) {
    WeatherSpec spec;
    spec.nodes = options.nodes;
    spec.length = 2 * longest_think(options) * options.operations / options.clients;
    spec.uncertainty = kUncertainty;
    spec.faults = options.faults;
    spec.rough = options.rough;
    return spec;
  }
  Nanos think() {
    const auto most = static_cast<std::uint64_t>(longest_think(options_));
    return agenda_.now() + static_cast<Nanos>(rng_.below(most));
  }
  Nanos to_node() { return 1 + static_cast<Nanos>(rng_.below(kToNode)); }

  // RETURNS true if the node acts now; else the event comes again when it wakes, or never.
  template <class Again>
  bool acts(NodeIndex node, Again again) {
    const auto awake = weather_.awake(node, agenda_.now());
    if (!awake) return false;
    if (*awake == agenda_.now()) return true;
    agenda_.at(*awake, again);
    return false;
  }
  void deliver(NodeIndex from, NodeIndex to, const Message& message) {
    if (acts(to, [this, from, to, message] { deliver(from, to, message); })) {
      nodes_[to]->replica->message(from, message);
    }
  }
  void fire(NodeIndex node, std::uint64_t token) {
    if (acts(node, [this, node, token] { fire(node, token); })) {
      nodes_[node]->replica->timer(token);
    }
  }
  void arrive(NodeIndex node, const Request& request) {
    if (acts(node, [this, node, request] { arrive(node, request); })) {
      nodes_[node]->replica->request(request);
    }
  }

  void ask(unsigned c) {
    if (asked_ >= options_.operations) return;
    ++asked_;
    ++open_clients_;
    SimClient& client = clients_[c];
    SimOp op;
    op.process = client.process;
    op.node = client.node;
    op.key = static_cast<std::uint32_t>(rng_.below(options_.keys));
    choose(client, op);
    begin(std::move(op), c);
  }

  void choose(const SimClient& client, SimOp& op) {
    if (options_.mode->offer == Offer::collections) {
      op.set = op.key % 2 == 0;  // even keys are sets, odd ones counters
      op.kind = op.set ? Kind::add : Kind::increment;
      op.value = op.set ? ++last_value_ : 1 + static_cast<std::int64_t>(rng_.below(5));
      return;
    }
    if (!rng_.chance(options_.changes)) return;
    op.kind = Kind::write;
    if (options_.mode->offer == Offer::cas && client.seen[op.key] && rng_.chance(0.5)) {
      op.kind = Kind::cas;
      op.expected = client.seen[op.key];
    }
    op.value = ++last_value_;
  }

  void begin(SimOp op, std::uint32_t client) {
    Request request;
    request.id = ++last_id_;
    request.kind = op.kind;
    request.key = (op.set ? "s" : "k") + std::to_string(op.key);
    request.value = op.value.value_or(0);
    request.expected = op.expected;
    op.invoked = agenda_.now();
    const NodeIndex node = op.node;
    open_[request.id] = {run_.ops.size(), client};
    run_.ops.push_back(std::move(op));
    agenda_.at(agenda_.now() + to_node(), [this, node, request] { arrive(node, request); });
    agenda_.at(agenda_.now() + kTimeout, [this, id = request.id] { give_up(id); });
  }

  // The operation that `id` stands for, if its client still waits; it waits no more.
  std::optional<Open> take(std::uint64_t id) {
    const auto at = open_.find(id);
    if (at == open_.end()) return std::nullopt;
    const Open open = at->second;
    open_.erase(at);
    return open;
  }

  void hear(const Reply& reply) {
    const auto open = take(reply.id);
    if (!open) return;
    SimOp& op = run_.ops[open->op];
    op.completed = agenda_.now();
    switch (reply.answer) {
      case Answer::ok: op.end = SimEnd::ok; break;
      case Answer::mismatch:
        op.end = SimEnd::mismatch;
        op.observed = reply.value;
        break;
      case Answer::no: op.end = SimEnd::failed; break;
      case Answer::unknown:
        op.end = op.kind == Kind::read ? SimEnd::failed : SimEnd::unknown;
        break;
    }
    if (op.kind == Kind::read && op.end == SimEnd::ok) {
      op.value = reply.value;
      op.list = reply.list;
    }
    go_on(*open, op);
  }

  void give_up(std::uint64_t id) {
    const auto open = take(id);
    if (!open) return;
    SimOp& op = run_.ops[open->op];
    op.completed = agenda_.now();
    op.end = op.kind == Kind::read ? SimEnd::failed : SimEnd::unknown;
    go_on(*open, op);
  }

  void go_on(const Open& open, const SimOp& op) {
    if (open.client == kNobody) return;
    --open_clients_;
    SimClient& client = clients_[open.client];
    if (op.end == SimEnd::unknown) client.process = next_process_++;
    if (op.end == SimEnd::ok) client.seen[op.key] = op.value;
    if (op.end == SimEnd::mismatch) client.seen[op.key] = op.observed;
    agenda_.at(think(), [this, c = open.client] { ask(c); });
  }

  void heal() {
    weather_.calm();
    run_.healed = agenda_.now();
    run_.cuts = static_cast<unsigned>(weather_.cuts().size());
    for (const Pause& pause : weather_.pauses()) ++(pause.for_good ? run_.stops : run_.pauses);
  }

  void until(Nanos end) {
    while (agenda_.step(end)) {
    }
  }

  void final_reads() {
    for (NodeIndex n = 0; n < options_.nodes; ++n) {
      const std::uint32_t process = next_process_++;
      for (std::uint32_t key = 0; key < options_.keys; ++key) {
        SimOp op;
        op.process = process;
        op.node = n;
        op.key = key;
        op.set = options_.mode->offer == Offer::collections && key % 2 == 0;
        agenda_.at(agenda_.now() + 1 + key * 2 * kTimeout, [this, op] { begin(op, kNobody); });
      }
    }
    until(agenda_.now() + (options_.keys + 1) * 2 * kTimeout);
  }

  SimOptions options_;
  Rng rng_;
  Weather weather_;
  Agenda agenda_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<SimClient> clients_;
  std::unordered_map<std::uint64_t, Open> open_;
  SimRun run_;
  unsigned asked_ = 0;
  unsigned open_clients_ = 0;
  std::uint32_t next_process_ = 0;
  std::uint64_t last_id_ = 0;
  std::int64_t last_value_ = 0;
};

void SimNode::send(NodeIndex to, Message message) {
  sim_.send(self_, to, std::move(message));
}
void SimNode::reply(Reply reply) {
  sim_.reply(std::move(reply));
}
void SimNode::wake(Nanos after, std::uint64_t token) {
  sim_.wake(self_, after, token);
}
Nanos SimNode::now() const {
  return sim_.now();
}
Nanos SimNode::wall() const {
  return kSecond + sim_.now() + sim_.offset(self_);  // never negative
}
Rng& SimNode::dice() {
  return sim_.dice();
}

}  // namespace

SimRun simulate(const SimOptions& options) {
  return Sim(options).run();
}

}  // namespace sunder::nodes
