// See transactions.hpp.
#include "harness/zookeeper/transactions.hpp"

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::zookeeper {
namespace {

constexpr int kRounds = 4;  // of what others may overtake: get and create

// RETURNS the answer that did not bring it; kOk where it is there.
Answer read_one(const Exchanges& with, const std::string& path, bool make, Versioned* value) {
  Answer last;
  for (int round = 0; round < kRounds; ++round) {
    last = with.exchange(Call::get_data, get_body(path));
    if (answered_with(last, kOk)) {
      const auto data = data_of(last.body);
      if (!data) return strange();
      if (!data->text.empty()) value->value = data->text;
      value->version = data->version;
      return last;
    }
    if (!answered_with(last, kNoNode)) return last;
    if (!make) return {End::answered, kOk, "", ""};
    last = with.exchange(Call::create, create_body(path, ""));
    if (answered_with(last, kOk)) return last;  // version 0
    if (!answered_with(last, kNodeExists)) return last;
  }
  return last;
}

std::optional<Outcome> read(const OpRequest& request, const Exchanges& with,
                            VersionedValues* values) {
  const OpRequest reading;  // nothing of the transaction itself is sent yet
  const bool alone = values->size() == 1 && !request.changes();
  for (auto& [key, value] : *values) {
    const std::string path = '/' + key;
    Answer step{End::answered, kOk, "", ""};
    if (alone) step = with.before_read(path);
    if (answered_with(step, kOk)) step = read_one(with, path, !alone, &value);
    if (answered_with(step, kOk)) continue;
    Outcome out = outcome_of(reading, step);
    out.type = EventType::fail;
    return out;
  }
  return std::nullopt;
}

Outcome commit(const OpRequest& request, const Exchanges& with, const VersionedValues& seen,
               const FreshValues& fresh) {
  std::vector<Step> steps;
  for (const auto& [key, value] : seen) {
    const auto at = fresh.find(key);
    const auto version = static_cast<std::int32_t>(value.version);
    steps.push_back(
        {'/' + key, at == fresh.end() ? std::nullopt : std::optional(at->second), version});
  }
  Answer answer = with.exchange(Call::multi, multi_body(steps));
  if (answered_with(answer, kOk)) {
    const auto error = error_of_multi(answer.body);
    if (!error) answer = strange();
    answer.error = error.value_or(kOk);
  }
  return outcome_of(request, answer);
}

}  // namespace

VersionedStore store_of(const OpRequest& request, const Exchanges& with) {
  VersionedStore store;
  store.read = [&](VersionedValues* values) { return read(request, with, values); };
  store.commit = [&](const VersionedValues& seen, const FreshValues& fresh) {
    return commit(request, with, seen, fresh);
  };
  store.confirm = [&](const VersionedValues& seen) -> std::optional<Outcome> {
    if (seen.size() == 1) return std::nullopt;
    Outcome out = commit(request, with, seen, {});
    if (out.type == EventType::ok) return std::nullopt;
    return out;
  };
  return store;
}

}  // namespace sunder::harness::zookeeper
