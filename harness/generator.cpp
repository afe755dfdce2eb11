// The table of workloads, from workloads/list.def, and the pace of operations. See generator.hpp.
#include "harness/generator.hpp"

#include <cmath>

#include "base/config.hpp"

namespace sunder::harness {

#define WORKLOAD(name) extern const Workload name##_workload;
#include "harness/workloads/list.def"
#undef WORKLOAD

namespace {

const std::vector<const Workload*>& workloads() {
  static const std::vector<const Workload*> all{
#define WORKLOAD(name) &name##_workload,
#include "harness/workloads/list.def"
#undef WORKLOAD
  };
  return all;
}

}  // namespace

std::string key_name(std::uint64_t index) {
  return "k" + std::to_string(index + 1);
}

std::vector<std::string> key_names(unsigned count) {
  std::vector<std::string> out;
  for (unsigned i = 0; i < count; ++i) out.push_back(key_name(i));
  return out;
}

std::vector<OpRequest> read_keys(unsigned count, std::uint64_t /*rounds*/) {
  std::vector<OpRequest> out;
  for (std::string& key : key_names(count)) out.push_back({.key = std::move(key)});
  return out;
}

std::vector<std::string> known_workloads() {
  std::vector<std::string> out;
  for (const Workload* workload : workloads()) out.emplace_back(workload->name);
  return out;
}

Result<const Workload*> find_workload(const std::string& name) {
  for (const Workload* workload : workloads()) {
    if (name == workload->name) return workload;
  }
  return Error{ErrorCode::not_found, "there is no workload \"" + name +
                                         "\" (there is: " + list_of(known_workloads()) + ")"};
}

Pace::Pace(double rate, unsigned clients, Nanos start, Rng& rng) {
  if (rate <= 0) return;
  interval_ = static_cast<double>(kSecond) * clients / rate;
  at_ = static_cast<double>(start) + interval_ * rng.uniform();
}

std::optional<Nanos> Pace::next() {
  if (interval_ <= 0) return std::nullopt;
  const Nanos out = std::llround(at_);
  at_ += interval_;
  return out;
}

}  // namespace sunder::harness
