// Pipeline, the rules' side: which rules act on it, their triggers, holds, and what happens when
// one is added, changed or removed. See pipeline.hpp. Tested by tests/proxy/pipeline_test.cpp and
// tests/proxy/fault_kinds_test.cpp.
#include <algorithm>

#include "proxy/pipeline.hpp"

namespace sunder::proxy {

// ---- faults ----

bool Pipeline::wanted(const FaultRule& rule, Rng& dice) const {
  const DiceLabels& d = setup_.dice;
  dice = Rng(derive_seed(
      d.seed, {d.from, d.to, d.ordinal, d.direction, std::string_view(rule.rule->name)}));
  // The first draw of these dice, the same at every look: a connection keeps its fate.
  return dice.chance(rule.rule->probability);
}

void Pipeline::add_instance(const FaultRule& rule, Rng dice, RuleTallies& tallies, Nanos now) {
  const FaultKind& kind = *rule.rule->kind;
  Instance made;
  made.rule = rule.rule->id;
  made.revision = rule.rule->revision;
  made.kind = &kind;
  made.tally = &tallies[made.rule];
  made.dice = dice;
  if (rule.frame != nullptr) {
    made.framer = std::make_unique<Framer>(rule.frame->make(), !started_);
  }
  Making making{rule.params, nullptr, made.framer.get()};
  const PairId pair = setup_.stats->pair;
  const auto shared = rule.shared.find(kind.on_reply ? PairId{pair.to, pair.from} : pair);
  if (shared != rule.shared.end()) making.shared = shared->second;
  made.fault = kind.make(making);
  made.messages_left = rule.rule->after_messages;
  made.wake_at = made.messages_left > 0 ? kUnknown : rule.rule->after_bytes;
  made.awake = made.wake_at == 0;
  auto& list = kind.place == Place::door ? doors_ : stages_;
  if (kind.place == Place::stage) {
    if (!made.awake) {  // bytes that wait at the stages before it will come to it as well
      for (const Instance& before : stages_) {
        for (std::size_t i = 0; i < before.waiting.size(); ++i) {
          made.parsed += before.waiting.at(i).bytes;
        }
      }
    }
    if (end_stage_ == stages_.size()) ++end_stage_;  // an end at the exit stays there
  }
  list.push_back(std::move(made));
  if (list.back().awake) wake(list.back(), now);
}

void Pipeline::wake(Instance& instance, Nanos now) {
  instance.awake = true;
  instance.fault->on_start({now, instance.dice});
  instance.wish = instance.fault->wish();
}

void Pipeline::update_instance(Instance& instance, const FaultRule& rule, Nanos now) {
  if (instance.revision == rule.rule->revision) return;
  instance.revision = rule.rule->revision;
  if (!instance.awake && instance.messages_left == 0) {
    instance.wake_at = rule.rule->after_bytes;
    if (instance.seen >= instance.wake_at) wake(instance, now);
  }
  instance.fault->update(rule.params, {now, instance.dice});
  if (instance.awake) instance.wish = instance.fault->wish();
  instance.front_bytes = 0;  // asked again
  if (instance.kind->place == Place::stage && end_stage_ < stages_.size() &&
      &stages_[end_stage_] == &instance) {
    end_due_ = -1;
  }
}

void Pipeline::adopt_faults(const PairRules* rules, RuleTallies& tallies, Nanos now) {
  const bool on_reply = rules != nullptr && setup_.dice.direction == "to_client";
  const bool any =
      rules != nullptr && (!rules->faults.empty() || (on_reply && !rules->replies.empty()));
  if (!any && doors_.empty() && stages_.empty()) return;
  std::vector<const FaultRule*> now_in_force;
  if (any) now_in_force = rules->faults;
  if (on_reply) {
    now_in_force.insert(now_in_force.end(), rules->replies.begin(), rules->replies.end());
  }
  std::vector<Rng> dice(now_in_force.size(), Rng(0));
  std::size_t kept = 0;
  for (const FaultRule* rule : now_in_force) {
    if (!wanted(*rule, dice[kept])) continue;
    now_in_force[kept++] = rule;
  }
  now_in_force.resize(kept);
  remove_missing(now_in_force, now);
  for (std::size_t i = 0; i < kept; ++i) {
    const FaultRule& rule = *now_in_force[i];
    auto& list = rule.rule->kind->place == Place::door ? doors_ : stages_;
    const auto old = std::find_if(list.begin(), list.end(), [&](const Instance& instance) {
      return instance.rule == rule.rule->id;
    });
    if (old == list.end()) {
      add_instance(rule, dice[i], tallies, now);
    } else {
      update_instance(*old, rule, now);
    }
  }
}

void Pipeline::remove_missing(std::span<const FaultRule* const> rules, Nanos now) {
  const auto stays = [&](const Instance& instance) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const FaultRule* rule) { return rule->rule->id == instance.rule; });
  };
  for (std::size_t i = 0; i < stages_.size();) {
    if (stays(stages_[i])) {
      ++i;
      continue;
    }
    remove_stage(i, now);
  }
  for (const Instance& door : doors_) {
    if (!stays(door)) note_removed(door, now);
  }
  std::erase_if(doors_, [&](const Instance& door) { return !stays(door); });
}

void Pipeline::remove_stage(std::size_t stage, Nanos now) {
  note_removed(stages_[stage], now);
  Ring<Chunk> waiting = std::move(stages_[stage].waiting);
  stages_.erase(stages_.begin() + static_cast<std::ptrdiff_t>(stage));
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    Chunk chunk = waiting.at(i);
    chunk.arrival = now;
    push(stage, chunk);
  }
  if (end_stage_ > stage) {
    --end_stage_;
  } else if (end_stage_ == stage) {
    end_arrival_ = now;
    end_due_ = -1;
  }
}

void Pipeline::note_removed(const Instance& instance, Nanos now) {
  if (asked_.rule == instance.rule) asked_.rule = 0;
  if (instance.awake) obey({instance.fault->on_removed(), now}, 0, now);
}

// ---- triggers ----

void Pipeline::count_unframed(Instance& instance) {
  if (instance.framer == nullptr || !instance.framer->broken() || instance.unframed) return;
  instance.unframed = true;
  ++instance.tally->unframed;
}

std::size_t Pipeline::count_messages(Instance& instance, std::span<const std::byte> bytes) {
  Framer& framer = *instance.framer;
  std::size_t at = 0;
  framer.look(bytes);
  while (at < bytes.size() && framer.in_step() && instance.messages_left > 0) {
    const FrameParser::Step step = framer.next(bytes.subspan(at));
    at += step.bytes;
    if (step.found == FrameParser::Found::end) --instance.messages_left;
  }
  count_unframed(instance);
  if (instance.messages_left > 0) at = bytes.size();
  instance.parsed += at;
  if (instance.messages_left == 0) instance.wake_at = instance.parsed;
  return at;
}

std::size_t Pipeline::sleep_through(Instance& door, std::span<const std::byte> bytes, Nanos now) {
  if (door.awake) return 0;
  std::size_t passes = bytes.size();
  if (door.messages_left > 0) {
    passes = count_messages(door, bytes);
    door.seen += passes;
  } else {
    passes = std::min<std::uint64_t>(door.wake_at - door.seen, bytes.size());
    door.seen += passes;
    if (door.framer != nullptr && passes > 0) door.framer->lose_step();
  }
  if (door.seen == door.wake_at) wake(door, now);
  return passes;
}

// ---- holds ----

void Pipeline::adopt_holds(const PairRules* rules, RuleTallies& tallies, Nanos now) {
  if (holds_.empty() && (rules == nullptr || rules->holds.empty())) return;
  std::vector<Hold> next;
  if (rules != nullptr) {
    for (const Rule* rule : rules->holds) {
      Hold hold{rule->id, &tallies[rule->id], -1};
      for (Hold& old : holds_) {
        if (old.rule == rule->id) hold = std::exchange(old, Hold{});
      }
      next.push_back(hold);
    }
  }
  settle_holds(now);  // those that are gone; the others were taken over
  holds_ = std::move(next);
  if (queue_.empty() && !end_waits()) return;
  for (Hold& hold : holds_) {
    if (hold.since >= 0) continue;
    hold.since = now;
    hold.tally->bytes += queue_.size();
    setup_.touch_log->touch(hold.rule, *hold.tally);
  }
}

void Pipeline::adopt(const PairRules* rules, RuleTallies& tallies, Nanos now) {
  adopt_holds(rules, tallies, now);
  adopt_faults(rules, tallies, now);
  advance(now);
}

void Pipeline::settle_holds(Nanos now) {
  for (const Hold& hold : holds_) {
    if (hold.tally != nullptr && hold.since >= 0) hold.tally->held_ns += now - hold.since;
  }
  holds_.clear();
}

void Pipeline::add_held(std::map<RuleId, Touched>& sums, Nanos now) const {
  for (const Hold& hold : holds_) {
    if (hold.since >= 0) sums[hold.rule].held_ns += now - hold.since;
  }
}

void Pipeline::count_held(std::size_t bytes, Nanos now) {
  for (Hold& hold : holds_) {
    hold.tally->bytes += bytes;
    if (hold.since >= 0) continue;
    hold.since = now;
    setup_.touch_log->touch(hold.rule, *hold.tally);
  }
}

void Pipeline::touch(Instance& instance, std::size_t bytes) {
  instance.tally->bytes += bytes;
  setup_.touch_log->touch(instance.rule, *instance.tally);
}

}  // namespace sunder::proxy
