// Random scripts over every fault kind, in virtual time: adds, updates in place and removals while
// bytes flow and the sink is full now and then.
//
// The law: what went out is a prefix of what came in, and all of it once nothing acts any more;
// where a rule omits whole messages, the same holds for what the rule let in. The proof agrees.
#include <cstdlib>

#include "tests/proxy/pipeline_bench.hpp"

using namespace sunder;
using namespace sunder::proxy;
using sunder::test::PipelineBench;

namespace {

using Params = std::map<std::string, std::string>;

/// A rule of any kind, with random parameters and perhaps a trigger.
Rule random_rule(RuleId id, Rng& dice, bool endings) {
  const std::string ms = std::to_string(dice.below(8)) + "ms";
  Rule rule;
  switch (dice.below(endings ? 8 : 4)) {
    case 0: rule = PipelineBench::fault(id, "delay", {{"delay", ms}, {"jitter", ms}}); break;
    case 1: {
      Params params{{"rate", dice.chance(0.2) ? "0" : std::to_string(1 + dice.below(900)) + "kB/s"},
                    {"per", dice.chance(0.5) ? "pair" : "connection"},
                    {"burst", dice.chance(0.5) ? "0" : "4kB"}};
      rule = PipelineBench::fault(id, "rate", std::move(params));
      break;
    }
    case 2: {
      Params params{{"size", std::to_string(1 + dice.below(3000)) + "B"},
                    {"variation", dice.chance(0.5) ? "0" : "700B"},
                    {"delay", std::to_string(dice.below(300)) + "us"}};
      rule = PipelineBench::fault(id, "slice", std::move(params));
      break;
    }
    case 3: rule = PipelineBench::fault(id, "slow_close", {{"delay", ms}}); break;
    case 4: rule = PipelineBench::fault(id, "timeout", {{"timeout", ms}}); break;
    case 5: rule = PipelineBench::fault(id, "limit_data", {{"bytes", "50kB"}}); break;
    case 6: rule = PipelineBench::fault(id, "reset_peer", {{"timeout", ms}}); break;
    default:
      rule = PipelineBench::fault(id, "lose_reply", {{"ratio", "0.01"}, {"timeout", ms}});
      rule.frame = "u32be";
      break;
  }
  if (dice.chance(0.3)) rule.after_bytes = dice.below(20'000);
  rule.probability = dice.chance(0.3) ? 0.5 : 1;
  return rule;
}

std::string message(Rng& dice) {
  const std::size_t size = dice.chance(0.1) ? dice.below(20'000) : dice.below(600);
  std::string text(4 + size, '\0');
  for (char& c : text) c = static_cast<char>(dice.next());
  for (unsigned i = 0; i < 4; ++i) text[i] = static_cast<char>((size >> (24 - 8 * i)) & 0xff);
  return text;
}

struct PipelineScript {
  PipelineScript(std::uint64_t seed, bool with_endings)
      : dice(seed), endings(with_endings), b("to_client", seed, 30'000) {}

  void change() {
    const std::uint64_t what = dice.below(4);
    if (what == 0 && !rules.empty()) {
      rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(dice.below(rules.size())));
    } else if (what == 1 && !rules.empty()) {
      Rule& some = rules[dice.below(rules.size())];
      if (some.kind != nullptr) {
        for (int tries = 0; tries < 50; ++tries) {  // other parameters of the same kind
          Rule other = random_rule(some.id, dice, endings);
          if (other.kind != some.kind) continue;
          some.params = other.params;
          ++some.revision;
          break;
        }
      }
    } else if (dice.chance(0.2)) {
      Rule hold;
      hold.id = next_id++;
      hold.name = "h";
      hold.cut = CutKind::hold;
      rules.push_back(hold);
    } else if (rules.size() < 6) {
      rules.push_back(random_rule(next_id++, dice, endings));
    }
    b.rules(rules, now);
  }

  void send() {
    const std::size_t room = b.pipe.room();
    if (room == 0 || b.pipe.end() != End::none) return;
    if (pending.empty()) pending = message(dice);
    const std::size_t size = std::min({room, pending.size(), 1 + dice.below(9'000)});
    in += pending.substr(0, size);
    b.arrive(pending.substr(0, size), now);
    pending.erase(0, size);
  }

  /// RETURNS false when a fault has ended the connection.
  bool step() {
    now += static_cast<Nanos>(dice.below(2 * kMillisecond));
    const std::uint64_t what = dice.below(10);
    if (what == 0) {
      change();
    } else if (what == 1) {
      b.sink.space = dice.below(40'000);
      b.pipe.unblock();
    } else {
      send();
    }
    b.pipe.pump(now, b.sink);
    REQUIRE(b.sink.text.size() <= in.size());
    REQUIRE(b.stats.bytes_held == b.pipe.queued());
    REQUIRE(in.size() == b.sink.text.size() + b.pipe.queued() + b.stats.bytes_omitted);
    const bool ends = b.pipe.end_ready(now) || b.pipe.asked(now).act != Act::none;
    if (!b.pipe.held() && !ends) REQUIRE(b.pipe.next_due() > now);  // nothing spins
    return b.pipe.asked(now).act == Act::none;
  }

  Rng dice;
  bool endings;
  PipelineBench b;
  std::vector<Rule> rules;
  RuleId next_id = 1;
  Nanos now = 0;
  std::string in;
  std::string pending;
};

}  // namespace

TEST_CASE("random faults: every byte once and in order, or a prefix where one ends it",
          "[kinds][random]") {
  const char* wanted = std::getenv("SUNDER_TEST_SEED");
  const std::uint64_t base = wanted == nullptr ? 1 : std::strtoull(wanted, nullptr, 10);
  int ended = 0;
  for (std::uint64_t seed = base; seed < base + 160; ++seed) {
    CAPTURE(seed);
    PipelineScript script(seed, seed % 2 == 0);
    bool alive = true;
    for (int step = 0; alive && step < 400; ++step) alive = script.step();
    PipelineBench& b = script.b;
    const bool prefix = script.in.starts_with(b.sink.text);
    REQUIRE(prefix);
    ended += alive ? 0 : 1;
    if (alive && b.stats.bytes_omitted == 0 && b.pipe.end() == End::none) {
      b.pipe.arrive_end(End::fin, script.now);
      b.sink.space = std::size_t{1} << 40;
      b.pipe.unblock();
      b.rules({}, script.now);
      b.pipe.pump(script.now, b.sink);
      if (b.pipe.asked(script.now).act != Act::none) continue;
      REQUIRE(b.sink.text.size() == script.in.size());  // at once, and nothing is left behind
      REQUIRE(b.pipe.end_ready(script.now));
      REQUIRE(b.pipe.next_due() <= script.now);
    } else {
      b.pipe.drop_all(script.now);
    }
    REQUIRE(b.stats.intact);
    REQUIRE(b.stats.bytes_held == 0);
  }
  if (wanted == nullptr) CHECK(ended > 20);
}
