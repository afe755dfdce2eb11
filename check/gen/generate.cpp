// generate: clients in virtual time. See gen.hpp. Tested by tests/check/gen_test.cpp.
#include <algorithm>
#include <array>
#include <queue>
#include <utility>

#include "check/gen/lines.hpp"
#include "check/gen/object.hpp"
#include "sunder/time.hpp"

namespace sunder::check {

#define OBJECT(name) extern const ObjectKind name##_object;
#include "check/gen/objects/list.def"
#undef OBJECT

namespace {

#define OBJECT(name) &name##_object,
constexpr std::array kObjects{
#include "check/gen/objects/list.def"
};
#undef OBJECT

// As on a local network: a way takes 50 to 550 us, and a client thinks for at most 100 us.
constexpr std::uint64_t kWay = 500 * kMicrosecond;
constexpr Nanos kLeast = 50 * kMicrosecond;
constexpr std::uint64_t kThink = 100 * kMicrosecond;
constexpr std::uint64_t kLate = 50 * kMillisecond;

// What happens next to a client's call.
enum class Phase : std::uint8_t { begin, effect, end, late };

struct Client {
  Call call;
  std::int64_t process = 0;
  Phase phase = Phase::begin;
  bool crashes = false;  // nobody hears how it ended
  bool lost = false;     // it never happens
  bool late = false;     // it happens after its client gave up
};

class Generation {
 public:
  Generation(const GenOptions& options, const ObjectKind& kind, const GenSink& sink)
      : options_(options),
        rng_(options.seed),
        object_(kind.make(options)),
        lines_(options, kind.keyed, sink),
        clients_(options.clients) {}

  Status run() {
    for (std::uint32_t c = 0; c < options_.clients; ++c) {
      clients_[c].process = next_process_++;
      begin_at(c, static_cast<Nanos>(1 + rng_.below(kThink)));
    }
    while (!steps_.empty() || quiet()) {
      if (steps_.empty()) {
        if (const Status status = quiet_moment(); !status) return status;
        continue;
      }
      const auto [time, c] = steps_.top();
      steps_.pop();
      lines_.now = time;
      if (const Status status = step(c); !status) return status;
    }
    std::vector<Call> last;
    object_->finish(last);
    for (Call& call : last) object_->happen(call);
    if (const Status status = play(last); !status) return status;
    return lines_.flush();
  }

 private:
  using Step = std::pair<Nanos, std::uint32_t>;

  // No more is asked for now: half-way where something is to be planted, and at the end.
  [[nodiscard]] bool pausing() const {
    return asked_ >= options_.ops ||
           (!options_.plant.empty() && !planted_ && asked_ >= options_.ops / 2);
  }
  // Everything has ended, and clients wait to go on.
  [[nodiscard]] bool quiet() const { return !waiting_.empty() && asked_ < options_.ops; }

  Status quiet_moment() {
    std::vector<Call> script;
    object_->plant(options_.plant, script);
    planted_ = true;
    asked_ += script.size();
    if (const Status status = play(script); !status) return status;
    for (const std::uint32_t c : std::exchange(waiting_, {})) {
      begin_at(c, lines_.now + 1 + static_cast<Nanos>(rng_.below(kThink)));
    }
    return {};
  }

  // Calls one after the other, but for those that overlap; each by a process of its own.
  Status play(const std::vector<Call>& script) {
    for (std::size_t from = 0; from < script.size();) {
      std::size_t to = from + 1;
      while (to < script.size() && script[to].overlaps) ++to;
      for (const bool ends : {false, true}) {
        for (std::size_t i = from; i < to; ++i) {
          lines_.now += kLeast;
          const auto process = next_process_ + static_cast<std::int64_t>(i - from);
          const EventType type = ends ? script[i].outcome : EventType::invoke;
          if (const Status status = lines_.event(process, type, script[i]); !status) return status;
        }
      }
      next_process_ += static_cast<std::int64_t>(to - from);
      from = to;
    }
    return {};
  }

  Nanos way() { return lines_.now + kLeast + static_cast<Nanos>(rng_.below(kWay)); }
  void begin_at(std::uint32_t c, Nanos time) {
    clients_[c].phase = Phase::begin;
    steps_.emplace(time, c);
  }

  Status step(std::uint32_t c) {
    switch (clients_[c].phase) {
      case Phase::begin: return begin(c);
      case Phase::effect: effect(c); return {};
      case Phase::end: return end(c);
      case Phase::late: break;
    }
    Client& client = clients_[c];
    if (object_->happen(client.call)) {
      free_.push_back(c);
    } else {
      steps_.emplace(way(), c);
    }
    return {};
  }

  Status begin(std::uint32_t c) {
    if (pausing()) {
      waiting_.push_back(c);
      return {};
    }
    ++asked_;
    Client& client = clients_[c];
    client.call = Call();
    object_->ask(rng_, c, client.call);
    client.crashes = client.lost = client.late = false;
    if (options_.pending > 0 && rng_.chance(options_.pending)) set_crash(client);
    client.phase = client.lost || client.late ? Phase::end : Phase::effect;
    const Status status = lines_.event(client.process, EventType::invoke, client.call);
    steps_.emplace(way(), c);
    return status;
  }

  void set_crash(Client& client) {
    const Crash crash = object_->crash(client.call);
    client.crashes = crash != Crash::none;
    if (crash == Crash::lost) client.lost = true;
    if (crash != Crash::any && crash != Crash::done) return;
    const std::uint64_t dice = rng_.below(crash == Crash::any ? 3 : 2);
    client.late = dice == 1;
    client.lost = dice == 2;
  }

  void effect(std::uint32_t c) {
    Client& client = clients_[c];
    if (!object_->happen(client.call)) {
      if (!pausing()) {
        steps_.emplace(way(), c);
        return;
      }
      client.call.outcome = EventType::fail;  // those who could end its wait have paused
    }
    client.phase = Phase::end;
    steps_.emplace(way(), c);
  }

  Status end(std::uint32_t c) {
    Client& client = clients_[c];
    const EventType type = client.crashes ? EventType::info : client.call.outcome;
    const Status status = lines_.event(client.process, type, client.call);
    if (client.crashes) {
      client.process = next_process_++;
      if (client.late) postpone(c);
    }
    begin_at(c, lines_.now + 1 + static_cast<Nanos>(rng_.below(kThink)));
    return status;
  }

  // The call lives on without its client.
  void postpone(std::uint32_t c) {
    std::uint32_t place = 0;
    if (free_.empty()) {
      place = static_cast<std::uint32_t>(clients_.size());
      clients_.emplace_back();
    } else {
      place = free_.back();
      free_.pop_back();
    }
    clients_[place].call = std::move(clients_[c].call);
    clients_[place].phase = Phase::late;
    steps_.emplace(lines_.now + static_cast<Nanos>(rng_.below(kLate)), place);
  }

  GenOptions options_;
  Rng rng_;
  std::unique_ptr<Object> object_;
  GenLines lines_;
  std::vector<Client> clients_;      // and behind them the calls that live on
  std::vector<std::uint32_t> free_;  // of these
  std::vector<std::uint32_t> waiting_;
  std::priority_queue<Step, std::vector<Step>, std::greater<>> steps_;
  std::int64_t next_process_ = 0;
  std::uint64_t asked_ = 0;
  bool planted_ = false;
};

std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Status invalid(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

Status in_bounds(const GenOptions& o) {
  if (o.ops < 1 || o.ops > 1'000'000'000) return invalid("--ops is a number from 1 to 1000000000");
  if (o.clients < 1 || o.clients > 1000) return invalid("--clients is a number from 1 to 1000");
  if (o.keys < 1 || o.keys > 1'000'000) return invalid("--keys is a number from 1 to 1000000");
  if (o.values == 1) return invalid("--values is 2 or more, or unique");
  if (!(o.pending >= 0 && o.pending <= 0.5)) return invalid("--pending is a share from 0 to 50%");
  if (o.format != "jsonl" && o.format != "edn") return invalid("--format is jsonl or edn");
  return {};
}

}  // namespace

std::vector<GenModel> gen_models() {
  std::vector<GenModel> models;
  for (const ObjectKind* kind : kObjects) {
    models.push_back({kind->name, kind->summary, {kind->plants.begin(), kind->plants.end()}});
  }
  return models;
}

Status generate(const GenOptions& options, const GenSink& sink) {
  if (const Status status = in_bounds(options); !status) return status;
  std::vector<std::string> names;
  for (const auto& model : gen_models()) {
    names.push_back(model.name);
    if (model.name != options.model || options.plant.empty()) continue;
    if (std::find(model.plants.begin(), model.plants.end(), options.plant) == model.plants.end()) {
      return invalid("--plant for " + model.name + " is one of " + one_of(model.plants));
    }
  }
  for (const ObjectKind* kind : kObjects) {
    if (options.model == kind->name) return Generation(options, *kind, sink).run();
  }
  return invalid("--model is one of " + one_of(names));
}

}  // namespace sunder::check
